"""A resident's cards: what is on them, what was paid with them and why, and what happens when one is lost."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from api.pages.language import Language
from api.portal.journeys import journey_of_stay, journey_of_tap
from citizencard.accounts.registry import link_card
from citizencard.cards.models import Card
from citizencard.cards.states import Deed
from citizencard.cards.views import find_card
from citizencard.db import reading, transaction
from citizencard.parking.models import StayState
from citizencard.parking.views import StayView
from citizencard.purse.uploads.journeys import Tap
from citizencard.purse.uploads.models import Verdict
from citizencard.tariffs.parking import ParkingPart, ParkingPrice, quote, read_rule
from tests.api.portal.household import Home
from tests.citizencard.cards.make_cards import CLERK, CardWish, issue_card, resident

SERIAL = bytes.fromhex("03102020000000004410")
TAICANG = {
    "name": "People's Square",
    "free_minutes": 30,
    "first": {"minutes": 60, "fen": 500},
    "step": {"minutes": 30, "fen": 200},
    "cap": {"hours": 24, "fen": 4000},
    "charged": {"from": "07:00", "until": "21:00"},
    "source": "Taicang, road parking",
}


def give_card(home: Home, person_id: str) -> Card:
    """An active card that pays from the account."""
    card, _ = issue_card(home.world.sessions, home.world.vault, home.world.clock(), CardWish(person_id=person_id))
    return card


@pytest.fixture
def person_id(home: Home) -> str:
    """Somebody who can be given a card: registered, linked to social security."""
    return resident(home.world.sessions, home.world.vault, home.world.clock()).id


def test_resident_without_anything_is_told_what_to_do(home: Home, person_id: str) -> None:
    """No card, no account, no household, no payment, no receipt: each page says so and what comes next."""
    browser = home.window(person_id)
    for path, said in (
        ("/portal", "Add yours with the number on the bill"),
        ("/portal/cards", "You have no card"),
        ("/portal/bills", "No household yet"),
        ("/portal/top-ups", "No on-line account yet"),
        ("/portal/receipts", "No receipts yet"),
        ("/portal/account", "No on-line account yet"),
        ("/portal/households", "No household yet"),
    ):
        assert browser.get(path).status_code == 200
        assert said in browser.words(), path


def test_resident_opens_the_account_by_himself(home: Home, person_id: str) -> None:
    """One button opens the account and lets the cards in hand pay from it; pressed again nothing changes."""
    card = give_card(home, person_id)
    browser = home.window(person_id)
    for _ in range(2):
        browser.get("/portal/top-ups") if browser.page.all("form") == [] else browser.get("/portal")
        if any("account-openings" in str(form.attributes["action"]) for form in browser.page.all("form")):
            browser.send("/portal/account-openings")
    assert browser.page.one(id="account-balance").words() == "¥0.00"
    browser.get(f"/portal/cards/{card.id}")
    assert "Parking and shops are paid from the on-line account" in browser.words()


def test_card_of_another_is_not_found(home: Home, person_id: str) -> None:
    """Nobody sees or reports lost somebody else's card, whatever he knows of it."""
    card = give_card(home, person_id)
    stranger = home.neighbour()
    for path in (f"/portal/cards/{card.id}", f"/portal/cards/{card.id}/loss", "/portal/cards/card_none"):
        assert stranger.get(path).status_code == 404
    token = stranger.token("/portal/cards")
    fields = {"csrf": token, "once": "x" * 20, "kind": "final"}
    assert stranger.post(f"/portal/cards/{card.id}/loss", fields).status_code == 404
    with reading(home.world.sessions) as session:
        assert find_card(session, card.id).state == "active"


@pytest.mark.parametrize(("kind", "state"), [("temporary", "temp_lost"), ("final", "lost")])
def test_resident_reports_a_card_lost(home: Home, person_id: str, kind: str, state: str) -> None:
    """The consequence is told before, the card and the account stop together, and a second click changes nothing."""
    card = give_card(home, person_id)
    browser = home.window(person_id)
    browser.get("/portal")
    browser.send("/portal/account-openings")
    browser.get(f"/portal/cards/{card.id}/loss")
    for said in ("min may still succeed", "on-line account is frozen", "service point"):
        assert said in browser.words(), said
    assert browser.send(f"/portal/cards/{card.id}/loss", kind=kind).status_code == 200
    assert "Reported lost" in browser.words()
    with reading(home.world.sessions) as session:
        assert find_card(session, card.id).state == state
    browser.get("/portal")
    assert "The account is frozen" in browser.words()
    browser.get("/portal/top-ups")
    assert "The account is frozen" in browser.words()


def test_frozen_account_pays_no_bill(home: Home) -> None:
    """The page of a bill says why the account cannot pay, and sent all the same it is refused in words."""
    bill_id = home.linked_bill()
    card, _ = issue_card(home.world.sessions, home.world.vault, home.world.clock())
    with transaction(home.world.sessions) as session:
        session.execute(update(Card).where(Card.id == card.id).values(person_id=home.works.person_id))
        link_card(session, home.works.account_id, card.id, Deed(CLERK, home.world.clock()))
    browser = home.resident()
    browser.get(f"/portal/bills/{bill_id}/account-payment")
    fields = {
        str(entry.attributes["name"]): str(entry.attributes["value"])
        for entry in browser.form(f"/portal/bills/{bill_id}/account-payment").all("input")
    }
    browser.get(f"/portal/cards/{card.id}/loss")
    browser.send(f"/portal/cards/{card.id}/loss", kind="temporary")
    before = home.wallet_fen()
    assert browser.post(f"/portal/bills/{bill_id}/account-payment", fields).status_code == 409
    assert "Nothing was changed" in browser.words()
    browser.get(f"/portal/bills/{bill_id}")
    assert "cannot pay at present" in browser.words()
    assert home.wallet_fen() == before


def test_reasons_of_prices_are_sentences(now: datetime) -> None:
    """Base, class share and sponsor of a ride; minutes, steps and cap of a stay, in both languages."""
    ride = {
        "base_fen": 200,
        "concession_fen": 160,
        "transfer_fen": 0,
        "price_fen": 40,
        "sponsor": "education_fund",
        "class_name": "student",
    }
    tap = Tap(7, SERIAL, now, None, 26, 40, 160, Verdict.ACCEPTED, None, ride)
    assert "2.00 × 0.2 = 0.40" in journey_of_tap(tap, Language.EN, now).why
    assert "¥1.60" in journey_of_tap(tap, Language.ZH, now).why
    rule = read_rule(TAICANG)
    entered = now.replace(hour=1, minute=0)  # 09:00 in Beijing
    for minutes, fen, said in (
        (20, 0, "20 min is free"),
        (67, 700, "first 60 min ¥5.00 · then 7 min ¥2.00"),
        (600, 4000, "less by the daily cap"),
    ):
        left = entered + timedelta(minutes=minutes)
        price = quote(rule, entered, left)
        stay = StayView("prk_1", "a", rule.name, "b", entered, left, StayState.LEFT, price.fen, price, 1, None)
        told = journey_of_stay(stay, b"", Language.EN, now)
        assert (told.amount_fen, said in told.why) == (fen, True), told.why
        assert journey_of_stay(stay, b"", Language.ZH, now).why
    inside = StayView(
        "prk_2", "a", rule.name, "b", now - timedelta(minutes=5), None, StayState.OPEN, None, None, 1, None
    )
    assert "5 minutes so far" in journey_of_stay(inside, b"", Language.EN, now).why
    moment = StayView(
        "prk_3", "a", "c", "b", now, now, StayState.UNPAID, 0, ParkingPrice(0, 0, 0, (), capped=False), 1, None
    )
    assert "Less than a minute" in journey_of_stay(moment, b"", Language.EN, now).why
    assert "not paid yet" in journey_of_stay(moment, b"", Language.EN, now).why
    assert ParkingPart("uncharged", 60, 0).what == "uncharged"


def test_what_we_check_is_no_accusation(now: datetime) -> None:
    """A tap that our checks doubt is told to its holder as being checked, without our reasons."""
    tap = Tap(8, SERIAL, now, None, 26, 180, 0, Verdict.SUSPICIOUS, "counter_gap", {"class_name": "adult"})
    told = journey_of_tap(tap, Language.EN, now)
    assert told.is_checked
    assert "uspicious" not in told.why
    assert "nothing for you to do" in told.why
