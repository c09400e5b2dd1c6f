"""The step of the night: any order, killed and run again, nothing to do, progress."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, update
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.models import RideToRate
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.settlement import vouching
from citizencard.settlement.flow import DayClosing, settle_day
from citizencard.settlement.histories import flow
from citizencard.settlement.histories.adjusting import Adjusted, adjust
from citizencard.settlement.histories.flow import RATED, rate_histories
from citizencard.settlement.histories.rating import Rating
from citizencard.settlement.histories.rides import JudgedRide
from citizencard.tariffs.quotes import Quote
from ledger import ClosedDay, close_day, open_day, prove
from tests.citizencard.purse.uploads.make_records import MAKER, TARIFF, anchored
from tests.citizencard.settlement.histories.make_histories import Nights

CAP_FEN = 300
CUTS = (2, 3)
"""At which card, counted over all runs, the power fails."""


def a_day(nights: Nights) -> list[PurchaseRecord]:
    """Rides of two cards: transfers, a free one, some of the day before."""
    city, day = nights.city, []
    for minutes in (30, 130, 230, 560):
        first = nights.ride(minutes)
        day += [first, nights.ride(minutes - 10, bus=city.bus2, amount_fen=80, **anchored(first))]
    day += [nights.ride(minutes, card=city.senior, amount_fen=0) for minutes in (20, 220)]
    return day


def expected_due(day: list[PurchaseRecord]) -> int:
    """What a cap of ¥3.00 a day gives back: reckoned from sums alone."""
    by_day: dict[Any, int] = {}
    for record in day:
        key = (record.card_serial, record.date)
        by_day[key] = by_day.get(key, 0) + record.amount_fen
    return sum(max(0, fen - CAP_FEN) for fen in by_day.values())


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_of_uploads(nights: Nights, chance: random.Random, cuts: int) -> None:
    """However a day's rides are ordered, cut into uploads and repeated: what sponsors pay, what goes back, every balance are the same."""
    bind = nights.sessions.kw["bind"]
    assert isinstance(bind, Connection)
    day = a_day(nights)
    outcomes = []
    for order in (day, chance.sample(day, len(day))):
        savepoint = bind.begin_nested()
        size = max(1, len(order) // cuts)
        for begin in range(0, len(order), size):
            nights.upload(*order[begin : begin + size], *order[: begin // 2])
        nights.close()
        outcomes.append((nights.books(), nights.verdicts(), sorted(nights.given())))
        assert nights.due() == expected_due(day)
        savepoint.rollback()
    assert outcomes[0] == outcomes[1]


def test_killed_between_cards_and_run_again(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails at the second card, twice: each further run goes on there, and the books are those of one quiet night."""
    for card, fen in ((nights.city.adult, 180), (nights.city.senior, 0)):
        nights.upload(*(nights.ride(minutes, card=card, amount_fen=fen) for minutes in (10, 20, 30)))
    with reading(nights.sessions) as session:
        day = open_day(session)
    closing = DayClosing(day, day + timedelta(days=1))
    monkeypatch.setattr(flow, "CARDS_AT_ONCE", 1)
    begun: list[str] = []

    def cut_off(session: Session, cards: Sequence[str], closed: ClosedDay, now: datetime) -> Adjusted:
        found = adjust(session, cards, closed, now)
        begun.extend(cards)
        if len(begun) in CUTS:
            raise RuntimeError("the power is gone")
        return found

    monkeypatch.setattr(flow, "adjust", cut_off)
    told: list[tuple[str, int]] = []
    for _ in CUTS:
        with pytest.raises(RuntimeError, match="power"):
            settle_day(nights.sessions, closing, MAKER, nights.now, lambda name, done: told.append((name, done)))
    settled = settle_day(nights.sessions, closing, MAKER, nights.now, lambda name, done: told.append((name, done)))
    assert [one for one in told if one[0] == RATED] == [(RATED, 1), (RATED, 1)]
    assert begun == [begun[0], begun[1], begun[1], begun[1]]
    assert [one.clearing_fen for one in settled.positions] == [CAP_FEN]
    assert nights.due() == 240
    books = nights.books()
    settle_day(nights.sessions, closing, MAKER, nights.now)
    assert nights.books() == books
    with transaction(nights.sessions) as session:
        assert prove(session, also=vouching.CHECKS).differences == ()


def test_rating_again_gives_nothing_more(nights: Nights) -> None:
    """The step can be run as often as one likes, also over rides that were rated: every reference is there already."""
    nights.upload(nights.ride(30), nights.ride(20))
    closed = nights.close().closed
    books = nights.books()
    with transaction(nights.sessions) as session:
        assert adjust(session, [nights.city.adult.card_id], closed, nights.now).adjustments == 0
        session.execute(update(RideToRate).values(rated_on=None))
        assert adjust(session, [nights.city.adult.card_id], closed, nights.now).adjustments == 0
    assert nights.books() == books
    assert nights.balance(chart.due(nights.city.adult.card_id)) == 60


def test_a_ride_booked_while_its_card_is_rated_waits_for_the_next_night(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload that came before the close and is booked in the middle of the rating: nothing of it is lost, and the cap holds for it."""
    nights.upload(nights.ride(30), nights.ride(20))
    late = [nights.ride(300)]

    def rate(rating: Rating) -> Iterator[tuple[JudgedRide, Quote]]:
        yield from rate_all(rating)
        if late:
            nights.upload(late.pop())

    rate_all = Rating.rate
    monkeypatch.setattr(Rating, "rate", rate)
    nights.close()
    assert nights.due() == 60
    nights.now += timedelta(days=1)
    nights.close()
    assert nights.due() == 240


def test_no_history_rules_cost_one_statement(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A city without caps does not wait for them at night."""
    nights = Nights.begin(sessions, vault, now, TARIFF)
    nights.upload(nights.ride(30), nights.ride(20), nights.ride(10))
    with transaction(sessions) as session:
        day = open_day(session)
        closed: ClosedDay = close_day(session, day, day + timedelta(days=1), now=now)
    statements: list[str] = []
    event.listen(sessions.kw["bind"], "before_cursor_execute", lambda *args: statements.append(args[2]))
    rate_histories(sessions, closed, now, lambda _session, _closed: None)
    assert len([one for one in statements if not one.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]) == 1
