"""A resident's cards: what is on them, what was paid with them and why, and what happens when one is lost."""

from citizencard.cards.views import find_card
from citizencard.db import reading
from tests.api.portal.household import Home, give_card


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
