"""Paying on-line by pages: where a payment stands is always said, a decline costs nothing, and nobody pays twice."""

import pytest

from api.pages.texts import TEXTS
from api.portal.payments import KNOWN_PROBLEMS
from api.portal.ways import TEST_METHODS
from citizencard.checkout.views import payments_of_person
from citizencard.db import reading
from tests.api.portal.household import BILL_FEN, Home
from tests.api.web.browser import Browser
from tests.citizencard.billing.make_bills import START_FEN
from tests.stripe_fake import books
from tests.stripe_fake.server import Ordered

GOOD, BAD = TEST_METHODS


@pytest.fixture(autouse=True)
def declining(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in of the tests knows one declining method; here it is the one that Stripe and localstripe both know."""
    monkeypatch.setattr(books, "DECLINING", BAD)


def begin_top_up(browser: Browser, amount: str, way: str = GOOD) -> str:
    """Fill the form in; returns the address of the payment's page."""
    browser.get("/portal/top-ups")
    answer = browser.send("/portal/top-ups", amount_fen=amount, way=way, follow=False)
    assert answer.status_code == 303, browser.words()
    path = str(answer.headers["Location"])
    browser.get(path)
    return path


def begin_bill(browser: Browser, bill_id: str, way: str = GOOD) -> str:
    browser.get(f"/portal/bills/{bill_id}")
    answer = browser.send(f"/portal/bills/{bill_id}/payments", way=way, follow=False)
    assert answer.status_code == 303, browser.words()
    path = str(answer.headers["Location"])
    browser.get(path)
    return path


def state(browser: Browser) -> str:
    return str(browser.page.one(id="payment").attributes["data-state"])


def test_resident_tops_up(home: Home) -> None:
    """¥30 come into the account once, with a receipt; the form sent again leads to the same payment."""
    browser = home.resident()
    path = begin_top_up(browser, "30")
    assert (state(browser), home.wallet_fen()) == ("confirm", START_FEN)
    assert "stand-in" in browser.words()
    for _ in range(2):
        browser.get(path) if state(browser) != "confirm" else browser.send(f"{path}/confirmation")
    assert state(browser) == "succeeded"
    assert (home.wallet_fen(), home.fake.books.held_fen()) == (START_FEN + 3_000, 3_000)
    assert browser.page.one(id="receipt-pdf")
    browser.get("/portal/account")
    assert "Topped up on-line" in browser.words()


def test_decline_costs_nothing_and_is_tried_again(home: Home) -> None:
    """The page says why, that nothing was charged, and leads to a new payment that goes well."""
    bill_id = home.linked_bill()
    browser = home.resident()
    path = begin_bill(browser, bill_id, BAD)
    browser.send(f"{path}/confirmation")
    assert state(browser) == "declined"
    assert "Nothing was charged" in browser.words()
    assert home.fake.books.held_fen() == 0
    again = str(browser.page.one(id="again").attributes["href"])
    assert again.startswith(f"/portal/bills/{bill_id}")
    other = begin_bill(browser, bill_id, GOOD)
    assert other != path
    browser.send(f"{other}/confirmation")
    assert state(browser) == "succeeded"
    assert home.utility_fen() == BILL_FEN == home.fake.books.held_fen()


def test_confirmation_sent_twice_charges_once(home: Home) -> None:
    """A double click on the last button, from two windows, charges the card once."""
    bill_id = home.linked_bill()
    first, second = home.resident(), home.resident()
    path = begin_bill(first, bill_id)
    assert begin_bill(second, bill_id) == path
    for window in (first, second, first):
        if state(window) == "confirm":
            assert window.send(f"{path}/confirmation", follow=False).status_code == 303
    first.get(path)
    assert state(first) == "succeeded"
    assert sum(home.fake.books.charged.values()) == 1
    assert home.utility_fen() == BILL_FEN


def test_unknown_outcome_says_not_to_pay_again(home: Home) -> None:
    """The provider does not answer: the page asks by itself, offers no second payment, and says how it ended once it is known."""
    browser = home.resident()
    path = begin_top_up(browser, "25.50")
    home.fake.order("confirm", *[Ordered.RESET_BEFORE] * 9)
    home.fake.order("look", *[Ordered.RESET_BEFORE] * 9)
    browser.send(f"{path}/confirmation")
    assert state(browser) == "unknown"
    assert "do not pay again" in browser.words()
    assert browser.page.one(id="payment").attributes["hx-get"]
    assert f"{path}/confirmation" not in browser.answer.get_data(as_text=True)
    home.fake.faults.clear()
    home.later(minutes=5)
    browser.get(path)
    assert state(browser) == "succeeded"
    assert (home.wallet_fen(), home.fake.books.held_fen()) == (START_FEN + 2_550, 2_550)


def test_payment_can_be_given_up(home: Home) -> None:
    """Somebody who changes his mind is not charged, and the page says so."""
    browser = home.resident()
    path = begin_top_up(browser, "30")
    browser.send(f"{path}/cancellation")
    assert state(browser) == "canceled"
    assert (home.wallet_fen(), home.fake.books.held_fen()) == (START_FEN, 0)


@pytest.mark.parametrize("amount", ["0", "0.5", "-1", "abc", "4900.01", "99999999", ""])
def test_amount_that_cannot_be_is_said_at_its_field(home: Home, amount: str) -> None:
    """Nothing, less than a yuan, or more than the account may hold begins no payment."""
    browser = home.resident()
    browser.get("/portal/top-ups")
    assert browser.send("/portal/top-ups", amount_fen=amount, way=GOOD).status_code == 422
    assert browser.page.one(id="amount_fen-fault")
    with reading(home.world.sessions) as session:
        assert payments_of_person(session, home.works.person_id) == []


def test_payments_of_others_are_not_found(home: Home) -> None:
    """Somebody else's payment is seen, confirmed and given up by nobody but its payer."""
    browser, stranger = home.resident(), home.neighbour()
    path = begin_top_up(browser, "30")
    assert stranger.get(path).status_code == 404
    token = stranger.token("/portal/top-ups")
    for act, more in (("confirmation", {"by": "chosen"}), ("cancellation", {})):
        assert stranger.post(f"{path}/{act}", {"csrf": token, "once": "x" * 20, **more}).status_code == 404
    browser.get(path)
    assert state(browser) == "confirm"
    assert home.fake.books.held_fen() == 0


def test_every_known_problem_is_a_sentence() -> None:
    """What a bank may say has words in both languages; anything else is said in general."""
    assert {f"portal.problem.{problem}" for problem in KNOWN_PROBLEMS | {"other"}} <= TEXTS.keys()
