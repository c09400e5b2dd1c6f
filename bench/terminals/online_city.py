"""A city that buys on line: one merchant, terminals with keys and numbers of their own, cards with money in their accounts."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from citizencard.accounts.registry import link_card, open_account
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.approvals.decisions import Proposal, approve, execute, propose
from citizencard.audit import Actor
from citizencard.cards.models import Card, CardState, ChipKind
from citizencard.cards.states import Deed
from citizencard.cards.stock import Delivery, receive_chips
from citizencard.clock import beijing_date
from citizencard.db import Sessions, new_id, transaction
from citizencard.keys.hsm import KeyRole
from citizencard.merchants.registry import register_merchant
from citizencard.staff.outlets import open_outlet, open_till
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.registry import BIND, NewBinding, bind_terminal, register_psam, register_terminal
from citizencard.terminals.shifts import sign_in
from hardware.card import crypto
from hardware.card.files import application_serial
from ledger import open_first_day
from tests.citizencard.cards.make_cards import bare_person
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS

MAKER: Final = Actor("staff", "staff_maker", person_id="P-1", role="finance", workstation="W-1")
CHECKER: Final = Actor("staff", "staff_checker", person_id="P-2", role="supervisor", workstation="W-2")
CITY: Final = "3302"
CITY_FACTOR: Final = bytes.fromhex("3302FF0000000000")
FUNDS_FEN: Final = 100_000
"""What each account is given: as much as one without a name may hold."""
ADULT: Final = 1


@dataclass(frozen=True, slots=True)
class Till:
    """A terminal: its number, 6 bytes BCD, and the key that it signs its requests with."""

    number: bytes
    key: Ed25519PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Purse:
    """A card that pays from its account: its serial, 10 bytes, and the key that its chip answers challenges with."""

    serial: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Market:
    """Who buys where: every terminal is bound to the one merchant, and has signed in once."""

    tills: Sequence[Till]
    purses: Sequence[Purse]


def open_market(sessions: Sessions, tills: int, cards: int) -> Market:
    """Begin the books and set everything up an hour ago."""
    then = datetime.now(UTC) - timedelta(hours=1)
    with transaction(sessions) as session:
        open_first_day(session, beijing_date(then), now=then)
        merchant = register_merchant(session, "City Shop", "shop", now=then)
        outlet = open_outlet(session, "City Centre", MAKER, then)
        counter = open_till(session, outlet.id, "A", MAKER, then)
    found_tills: list[Till] = []
    for number in range(1, tills + 1):
        with transaction(sessions) as session:
            found_tills.append(_till(session, number, merchant.id, then))
    found_purses: list[Purse] = []
    for number in range(1, cards + 1):
        with transaction(sessions) as session:
            found_purses.append(_purse(session, number, counter.id, then))
    return Market(found_tills, found_purses)


def _till(session: Session, number: int, merchant_id: str, now: datetime) -> Till:
    terminal = register_terminal(session, f"Till {number}", "pos", now=now)
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"till {number}".encode()).digest())
    enrol(session, issue_enrolment_code(session, terminal.id, now=now), key.public_key().public_bytes_raw(), now=now)
    till = Till(bytes.fromhex(f"{CITY}{number:08d}"), key)
    psam = register_psam(session, bytes.fromhex(f"{CITY}{number:016d}"), till.number, now=now)
    binding = NewBinding(terminal.id, psam.serial, merchant_id, None, now)
    bind_terminal(session, binding, _approved(session, BIND, binding.payload(), now), now=now)
    sign_in(session, terminal.id, "bench", now=now)
    return till


def _purse(session: Session, number: int, till_id: str, now: datetime) -> Purse:
    serial, chip = application_serial(CITY, f"{number:011d}"), number.to_bytes(8)
    receive_chips(session, Delivery(ChipKind.CARD, "B-1", (chip,)), actor=MAKER, now=now)
    card = Card(
        id=new_id("card"),
        person_id=bare_person(session, now),
        card_class=ADULT,
        state=CardState.ACTIVE,
        serial=serial,
        chip_serial=chip,
        key_version=1,
        valid_from=beijing_date(now),
        valid_until=beijing_date(now) + timedelta(days=3650),
        applied_at=now,
        changed_at=now,
    )
    session.add(card)
    session.flush()
    deed = Deed(MAKER, now)
    account = open_account(session, None, deed)
    link_card(session, account.id, card.id, deed)
    top_up(session, CashPaid(account.id, FUNDS_FEN, till_id), deed)
    key = crypto.diversify_chain(REGRESSION_MASTERS[KeyRole.INTERNAL], [CITY_FACTOR, serial[-8:]])
    return Purse(serial, key)


def _approved(session: Session, act: str, payload: Mapping[str, Any], now: datetime) -> str:
    approval = propose(session, Proposal(act, "bench", payload), MAKER, now)
    approve(session, approval.id, CHECKER, now)
    execute(session, approval.id, payload, CHECKER, now)
    return approval.id
