"""Loads and unloads of a card know of each other: one order at a time, one use of each counter."""

from datetime import datetime

import pytest

from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.counters import (
    check_counter,
    check_no_other_open,
    highest_proven_counter,
    is_followed,
    newest_load_attempt,
)
from citizencard.purse.loads import loads
from citizencard.purse.unloads.errors import AnnouncementStale, UnloadAlreadyOpen
from citizencard.purse.unloads.unloads import last_attempt
from tests.citizencard.cards.make_cards import issue_card
from tests.citizencard.purse.loads.make_loads import City
from tests.citizencard.purse.unloads.make_unloads import recover, run, torn, wish


def test_orders_of_a_card_are_one_sequence(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A load, an unload and an open unload: each counter is used up once, and what came later is known whatever kind it is."""
    city = City.open(sessions, vault, now)
    card, chip = issue_card(sessions, vault, now)
    with reading(sessions) as session:
        assert (highest_proven_counter(session, card.id), newest_load_attempt(session, card.id)) == (-1, 0)
    load = city.loaded(card, chip, 1_000)
    first, second = wish(city, card, 100), wish(city, card, 100)
    assert run(city, first, chip).outcome == "unloaded"
    torn(city, second, chip, "before")
    with reading(sessions) as session:
        assert highest_proven_counter(session, card.id) == 1
        for online_seq in (0, 1):
            with pytest.raises(AnnouncementStale):
                check_counter(session, card.id, online_seq)
        check_counter(session, card.id, 2)
        of_load, of_first, of_second = (
            loads.last_attempt(session, load.id),
            last_attempt(session, first.id),
            last_attempt(session, second.id),
        )
        assert of_load is not None
        assert of_first is not None
        assert of_second is not None
        assert newest_load_attempt(session, card.id) == of_load.id == of_second.loads_before
        assert [is_followed(session, one) for one in (of_load, of_first, of_second)] == [True, True, False]
        with pytest.raises(UnloadAlreadyOpen):
            check_no_other_open(session, card.id, None)
        check_no_other_open(session, card.id, second.id)
    assert recover(city, second, chip).outcome == "unload_disproven"
    with reading(sessions) as session:
        check_no_other_open(session, card.id, None)
