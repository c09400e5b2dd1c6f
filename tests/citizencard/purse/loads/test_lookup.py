"""Loads of a card, for the counter."""

from dataclasses import replace
from datetime import datetime, timedelta

from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.loads.lookup import loads_of_card
from tests.citizencard.cards.make_cards import issue_card
from tests.citizencard.purse.loads.make_loads import City


def test_clerk_sees_first_what_was_asked_for_last(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """The load that a resident stands at the counter for is on top, and no other card's is among them."""
    city = City.open(sessions, vault, now)
    card, chip = issue_card(sessions, vault, now)
    other, other_chip = issue_card(sessions, vault, now)
    first = city.loaded(card, chip, 100)
    city.loaded(other, other_chip, 100)
    city = replace(city, now=now + timedelta(minutes=1))
    second = city.request(card, 200)
    with reading(sessions) as session:
        assert [load.id for load in loads_of_card(session, card.id)] == [second.id, first.id]
        assert [load.id for load in loads_of_card(session, card.id, 1)] == [second.id]
