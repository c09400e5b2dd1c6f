"""The rides that wait for the night, in the order in which cards were used."""

from datetime import timedelta

from citizencard.db import reading
from citizencard.settlement.histories.rides import rides_of, waiting_cards
from citizencard.tariffs.transit.rides import Anchor
from tests.citizencard.purse.uploads.make_records import anchored
from tests.citizencard.settlement.histories.make_histories import Nights


def test_cards_wait_until_they_are_rated(nights: Nights) -> None:
    """A card with new rides is found once, page by page; what came in after the close waits for the next one."""
    city = nights.city
    nights.upload(nights.ride(30), nights.ride(20), nights.ride(10, card=city.senior, amount_fen=0))
    both = sorted([city.adult.card_id, city.senior.card_id])
    with reading(nights.sessions) as session:
        assert waiting_cards(session, nights.now, "", 10) == both
        assert waiting_cards(session, nights.now, "", 1) == both[:1]
        assert waiting_cards(session, nights.now, both[0], 10) == both[1:]
        assert waiting_cards(session, nights.now - timedelta(seconds=1), "", 10) == []
    nights.close()
    with reading(nights.sessions) as session:
        assert waiting_cards(session, nights.now, "", 10) == []


def test_rides_come_in_tap_order_with_what_their_records_said(nights: Nights) -> None:
    """Uploaded backwards they come forwards, each with its price, its anchor, what was paid and what was given back before."""
    first = nights.ride(300)
    second = nights.ride(270, bus=nights.city.bus2, amount_fen=80, **anchored(first))
    nights.upload(nights.ride(100))
    nights.upload(second)
    nights.upload(first)
    nights.close()
    with reading(nights.sessions) as session:
        found = list(rides_of(session, [nights.city.adult.card_id], []))
        assert list(rides_of(session, [], [nights.city.adult.card_id])) == []
    assert [one.charged.paid_fen for one in found] == [180, 80, 180]
    assert [one.charged.alone.minor for one in found] == [180, 80, 180]
    assert [one.ride.line for one in found] == [1, 2, 1]
    assert [one.ride.anchor for one in found] == [None, Anchor(1, first.tapped_at()), None]  # type: ignore[arg-type] # it has a time
    assert [(one.charged.given, one.parts) for one in found] == [({}, {}), ({}, {}), ({"caps.0": 140}, {"caps.0": 1})]
