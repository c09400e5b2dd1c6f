"""Without a mouse, without scripts, without good eyes: the main paths for everybody."""

from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from citizencard.accounts.registry import open_account
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.cards.models import Card
from citizencard.cards.states import Deed
from citizencard.clock import now
from citizencard.db import new_id, transaction
from citizencard.residents.models import Resident
from citizencard.staff.permissions import Role
from tests.browser.town import Town
from tests.browser.window import LOCALES, PATIENCE_MS, Window
from tests.citizencard.cards.make_cards import CLERK
from tests.citizencard.staff.make_staff import CHEAP, PASSWORD

MAX_TABS: Final = 60
AT: Final = "(one) => one === document.activeElement"


def with_money(town: Town) -> tuple[str, str, Card]:
    """Somebody with a login, a card and ¥200 in the account, and a house with a bill: (login, customer number, card)."""
    card, _chip = town.card()
    login, deed = f"holder-{card.serial.hex()[-6:]}", Deed(CLERK, now())
    row = Resident(
        id=new_id("res"),
        person_id=card.person_id,
        login=login,
        password_hash=CHEAP.hash(PASSWORD),
        failed_count=0,
        registered_at=now(),
    )
    with transaction(town.sessions) as session:
        session.add(row)
        account = open_account(session, card.person_id, deed)
        top_up(session, CashPaid(account.id, 20_000, town.world.counter.till.id), deed)
    house, _serial = town.bill(18)
    return login, house, card


def type_at_once(window: Window, selector: str, text: str) -> None:
    """Type where the page puts the focus by itself; a browser does that with its first picture, a moment after the page is there."""
    expect(window.page.locator(selector)).to_be_focused(timeout=PATIENCE_MS)
    window.page.keyboard.type(text)


def press_at(window: Window, selector: str, text: str = "") -> None:
    """Walk to something by the Tab key as it can be seen, then type, or press Enter."""
    wanted = window.page.locator(selector).first
    for _ in range(MAX_TABS):
        if wanted.evaluate(AT):
            break
        window.page.keyboard.press("Tab")
    else:
        raise AssertionError(f"{selector} cannot be reached by the keyboard on {window.path}")
    outline = wanted.evaluate("(one) => { const s = getComputedStyle(one); return s.outlineStyle + s.boxShadow; }")
    assert outline != "nonenone", f"nobody sees that {selector} has the focus"
    if text:
        window.page.keyboard.type(text)
    else:
        with window.page.expect_navigation(wait_until="load"):
            window.page.keyboard.press("Enter")


def test_clerk_finds_somebody_without_a_mouse(chromium: Browser, town: Town) -> None:
    """Who cannot use a mouse signs in and serves people; the search field has the focus, and `/` leads back to it."""
    clerk, (card, _chip) = town.hire(Role.CLERK), town.card()
    with Window(chromium, town, language="en") as window:
        window.open("/console/sign-in")
        window.seen("sign-in")
        type_at_once(window, "#login", clerk.login)
        press_at(window, "#password", clerk.password)
        press_at(window, "#code", clerk.code())
        press_at(window, "main form button")
        window.seen("start")
        type_at_once(window, "[data-search]", card.person_id)
        with window.page.expect_navigation(wait_until="load"):
            window.page.keyboard.press("Enter")
        assert window.path == f"/console/people/{card.person_id}"
        window.seen("person")
        window.page.keyboard.press("/")
        assert window.page.locator("[data-search]").evaluate(AT)
        assert window.page.locator("[data-search]").input_value() == ""


def test_bill_is_paid_without_a_mouse(chromium: Browser, town: Town) -> None:
    """A resident signs in, adds the household and pays from the account by keys alone."""
    login, house, _card = with_money(town)
    with Window(chromium, town) as window:
        window.open("/portal/sign-in")
        window.seen("portal-sign-in")
        type_at_once(window, "#login", login)
        press_at(window, "#password", PASSWORD)
        press_at(window, "main form button")
        window.seen("portal-start")
        press_at(window, "#add-household")
        window.seen("households")
        press_at(window, "#customer_number", house)
        press_at(window, "#proof", "49.50")
        press_at(window, 'form[action="/portal/households"] button')
        window.seen("bills")
        press_at(window, 'main a[href^="/portal/bills/bil_"]')
        window.seen("bill")
        press_at(window, "#from-account")
        window.seen("bill-from-account")
        press_at(window, "#pay")
        window.seen("bill-paid")
        assert window.page.locator("#receipt-verify").is_visible()


def test_bill_is_paid_without_scripts(chromium: Browser, town: Town) -> None:
    """An old browser, or a careful person, loses nothing but convenience."""
    login, house, _card = with_money(town)
    with Window(chromium, town, script=False) as window:
        window.open("/portal/sign-in")
        window.seen("portal-sign-in")
        window.fill(login=login, password=PASSWORD)
        window.send("/portal/sign-in")
        window.seen("portal-start")
        window.open("/portal/households")
        window.seen("households")
        window.fill(customer_number=house, proof="49.50")
        window.send("/portal/households")
        window.seen("bills")
        window.page.locator('main a[href^="/portal/bills/bil_"]').first.click()
        window.seen("bill")
        window.fill(way="pm_card_visa")
        window.send(f"{window.path}/payments")
        window.seen("payment-confirm")
        window.send(f"{window.path}/confirmation")
        window.seen("payment-succeeded")
        assert window.page.locator("#receipt-verify").is_visible()


@pytest.mark.parametrize("language", LOCALES)
def test_pages_in_large_print_and_in_both_languages(chromium: Browser, town: Town, language: str) -> None:
    """Every main page can be read by who needs large letters, in Chinese and in English."""
    login, _house, card = with_money(town)
    with Window(chromium, town, language=language) as window:
        window.open("/")
        window.seen("home")
        window.open("/portal/sign-in?print=large")
        window.seen("large-portal-sign-in")
        window.fill(login=login, password=PASSWORD)
        window.send("/portal/sign-in")
        assert window.page.locator("html.large").count() == 1
        places = (
            "",
            "/cards",
            f"/cards/{card.id}",
            "/bills",
            "/households",
            "/top-ups",
            "/account",
            "/receipts",
            "/password",
        )
        for place in places:
            window.open(f"/portal{place}")
            window.seen(f"large-portal{place.partition('/card_')[0].replace('/', '-')}")
        window.sign_in(town.hire(Role.CLERK, Role.SUPERVISOR, name="欧阳" * 10))
        for place in (
            f"people/{card.person_id}",
            "people/new",
            f"cards/{card.id}",
            f"cards/{card.id}/loads/new",
            "approvals",
            "reader-agents",
        ):
            window.open(f"/console/{place}")
            window.seen(f"large-console-{place.partition('_')[0].replace('/', '-')}")
