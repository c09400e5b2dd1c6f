"""A card that is lost: what follows is told before, and card and account stop together."""

import pytest
from sqlalchemy import update

from citizencard.accounts.registry import link_card
from citizencard.cards.models import Card
from citizencard.cards.states import Deed
from citizencard.cards.views import find_card
from citizencard.db import reading, transaction
from tests.api.portal.household import Home, give_card
from tests.citizencard.cards.make_cards import CLERK, issue_card


@pytest.mark.parametrize(("kind", "state"), [("temporary", "temp_lost"), ("final", "lost")])
def test_resident_reports_a_card_lost(home: Home, person_id: str, kind: str, state: str) -> None:
    """The consequence is told before, the card and the account stop together, and a second click changes nothing."""
    card = give_card(home, person_id)
    browser = home.window(person_id)
    browser.get("/portal")
    browser.send("/portal/account-openings")
    browser.get(f"/portal/cards/{card.id}/loss")
    for said in ("taps before the report are yours", "on-line account is frozen", "service point"):
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
