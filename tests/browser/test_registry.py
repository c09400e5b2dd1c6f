"""Devices and merchants at the desk, in a real browser: everything long, something wrong with each, in both languages."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest
from playwright.sync_api import Browser

from citizencard.audit import Actor
from citizencard.clock import now
from citizencard.db import transaction
from citizencard.merchants.contacts import NewContact, seal_contact, set_contact
from citizencard.merchants.outlets import NewOutlet, open_outlet
from citizencard.merchants.registry import register_merchant
from citizencard.staff.permissions import Role
from citizencard.terminals.heartbeats import Heartbeat, record_heartbeat
from citizencard.terminals.life import disable_terminal
from citizencard.terminals.models import TerminalKind
from citizencard.terminals.places import place_terminal
from citizencard.terminals.registry import register_terminal
from citizencard.terminals.software import require_software
from tests.browser.town import Town
from tests.browser.window import LOCALES, Window
from tests.citizencard.merchants.make_affairs import agreed, proposed

KEEPER: Final = Actor("staff", "stf_keeper", person_id="P-0200", role="stock_keeper", workstation="store")
LONG: Final = "示范市公共交通集团有限责任公司第十二分公司北部停保场及充电站"


@dataclass(frozen=True, slots=True)
class Registered:
    """Ids of what there is to look at."""

    merchant: str
    account: str
    contact: str
    terminal: str
    new_terminal: str


@pytest.fixture(scope="module")
def registered(town: Town) -> Registered:
    """A metro with a long name, a station, a gate that is broken in every way, and a bank account that waits."""
    at = now() - timedelta(hours=1)
    with transaction(town.sessions) as session:
        merchant = register_merchant(session, LONG, "metro", now=at).id
        contact = set_contact(
            session, seal_contact(town.vault, NewContact(merchant, "王示例", "13000001111")), KEEPER, at
        )
        account = agreed(session, proposed(session, town.vault, merchant, "6200000000000001", at), at)
        outlet = open_outlet(session, NewOutlet(merchant, LONG, f"{LONG} 1 号", "05:00–23:30"), KEEPER, at).id
        terminal = register_terminal(session, LONG, "metro_gate", now=at).id
        new = register_terminal(session, "kiosk 1", "kiosk", now=at).id
        place_terminal(session, terminal, outlet, KEEPER, at)
        require_software(session, TerminalKind.METRO_GATE, "gate 2", KEEPER, at)
        said = Heartbeat("gate 1", 0, 0, 1_234_567, at, -86_400, 1, "printer, door, light, battery, network " * 5)
        record_heartbeat(session, terminal, said, at)
        disable_terminal(session, terminal, LONG * 5, KEEPER, at)
    return Registered(merchant, account.id, contact.id, terminal, new)


@pytest.mark.parametrize("language", LOCALES)
def test_registry_pages(chromium: Browser, town: Town, registered: Registered, language: str) -> None:
    """Whoever looks after devices and merchants reads every page at every size, without a word cut off."""
    merchant, terminal = f"/console/merchants/{registered.merchant}", f"/console/terminals/{registered.terminal}"
    places = {
        "terminals": "/console/terminals",
        "terminal-software": "/console/terminals/software",
        "terminal": terminal,
        "terminal-act": f"{terminal}/enablings",
        "terminal-code": f"/console/terminals/{registered.new_terminal}/codes",
        "merchants": "/console/merchants",
        "merchant": merchant,
        "merchant-line": f"{merchant}/lines/new",
        "merchant-account": f"{merchant}/bank-accounts/new",
        "merchant-contact-clear": f"/console/merchant-contacts/{registered.contact}/revelation",
    }
    with Window(chromium, town, language=language) as window:
        window.sign_in(town.hire(Role.STOCK_KEEPER, Role.FINANCE))
        for name, path in places.items():
            assert window.open(path).status == 200, path
            window.seen(f"page-{name}")
