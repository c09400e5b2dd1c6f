"""Order of arrival: one set of taps, permuted, repeated, split over uploads and over nights, comes to one state."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.settlement.clearing.state import State
from tests.citizencard.purse.uploads.make_records import TARIFF, anchored, make_city
from tests.citizencard.settlement.clearing.looking import state
from tests.citizencard.settlement.histories.make_histories import Nights, load_chips

LOADED_FEN = 900
"""Five full rides of an adult."""


def _day(nights: Nights) -> list[PurchaseRecord]:
    """Rides with a fork, a reused sequence, a gap, a clock set back, a transfer that was not given, and one that no money covers."""
    city = nights.city
    first = nights.ride(200, card_counter=10, terminal_sequence=1)
    transfer = nights.ride(170, bus=city.bus2, card_counter=11, terminal_sequence=1, amount_fen=80, **anchored(first))
    return [
        first,
        transfer,
        nights.ride(160, bus=city.bus2, card_counter=12, terminal_sequence=2),
        nights.ride(150, bus=city.bus2, card_counter=12, terminal_sequence=2),
        nights.ride(140, card_counter=13, terminal_sequence=4),
        nights.ride(600, card_counter=14, terminal_sequence=5),
        nights.ride(90, card_counter=15, terminal_sequence=8),
        nights.ride(60, card_counter=16, terminal_sequence=9),
        nights.ride(50, card_counter=17, terminal_sequence=10),
        nights.ride(80, card=city.senior, amount_fen=0, card_counter=3, terminal_sequence=6),
        nights.ride(70, card=city.senior, amount_fen=0, card_counter=3, terminal_sequence=7),
        nights.ride(40, card=city.lost, card_counter=8, terminal_sequence=11),
    ]


def _play(nights: Nights, records: Sequence[PurchaseRecord], cuts: Sequence[int], closes: set[int]) -> State:
    bounds = [0, *sorted(min(cut, len(records)) for cut in cuts), len(records)]
    for number, (begin, end) in enumerate(itertools.pairwise(bounds)):
        nights.upload(*records[begin:end])
        if number in closes:
            nights.close()
    nights.close()
    return state(nights)


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    chance=st.randoms(use_true_random=False),
    cuts=st.lists(st.integers(0, 15), max_size=3),
    closes=st.sets(st.integers(0, 2), max_size=2),
)
def test_any_order_comes_to_one_state(scarce: Nights, chance: Random, cuts: list[int], closes: set[int]) -> None:
    """Balances, findings and what is set aside are those of the set: as if all had come in order, at once."""
    bind = scarce.sessions.kw["bind"]
    assert isinstance(bind, Connection)
    day = _day(scarce)
    mixed = [*chance.sample(day, len(day)), *chance.sample(day, 4)]
    states = []
    for records, cut, nightly in ((day, [], set()), (mixed, cuts, closes)):
        savepoint = bind.begin_nested()
        states.append(_play(scarce, records, cut, nightly))
        savepoint.rollback()
    assert states[0] == states[1]
    kinds = {kind for kind, _, _ in states[0].findings}
    assert kinds >= {
        "sequence_reused",
        "sequence_gap",
        "sequence_disorder",
        "counter_fork",
        "counter_rollback",
        "over_guarantee",
        "hotlisted_company_bears",
    }
    assert len(states[0].aside) > 4


@pytest.fixture
def scarce(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Nights:
    """A city whose adult has five full rides on the chip."""
    city = make_city(sessions, now, TARIFF)
    load_chips(sessions, [city.adult, city.senior], now, LOADED_FEN)
    return Nights(sessions, vault, city, now)
