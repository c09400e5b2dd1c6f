"""Reports of loss at the counter."""

from citizencard.accounts.views import account_view
from citizencard.db import reading
from tests.api.console.counter import Counter
from tests.citizencard.workstations.desk import Desk


def test_loss_stops_card_and_account_and_is_taken_back(counter: Counter, desk: Desk) -> None:
    """A card lost for now freezes the account that it pays from; found again, both work as before."""
    counter.pair(desk)
    person_id = counter.person()
    card_id = counter.made(desk, person_id)
    card = f"/console/cards/{card_id}"
    counter.clerk.get(card)
    counter.clerk.send(f"{card}/account")
    assert "The card pays from the account now" in counter.clerk.words()
    account_id = counter.account_id(person_id)
    counter.clerk.get(f"{card}/loss")
    counter.clerk.send(f"{card}/loss-reports", kind="temporary", reason="left on bus 26")
    assert "Reported lost: terminals refuse the card from 2026-11-21" in counter.clerk.words()
    assert (counter.card(card_id).state, state(counter, account_id)) == ("temp_lost", "frozen")
    counter.clerk.send(f"{card}/loss-releases")
    assert "card and account work again" in counter.clerk.words()
    assert (counter.card(card_id).state, state(counter, account_id)) == ("active", "open")


def test_final_loss_offers_no_way_back(counter: Counter, desk: Desk) -> None:
    """After a final report the page says so, and a release that is sent all the same changes nothing."""
    counter.pair(desk)
    card_id = counter.made(desk, counter.person())
    card = f"/console/cards/{card_id}"
    counter.clerk.get(f"{card}/loss")
    counter.clerk.send(f"{card}/loss-reports", kind="final", reason="")
    assert "A final loss cannot be taken back" in counter.clerk.words()
    token = counter.clerk.token("/console/reader-agents")
    counter.clerk.post(f"{card}/loss-releases", {"csrf": token, "once": "release-of-a-final-loss"})
    assert counter.clerk.answer.status_code == 409
    assert counter.card(card_id).state == "lost"


def state(counter: Counter, account_id: str) -> str:
    with reading(counter.world.sessions) as session:
        return str(account_view(session, account_id).state)
