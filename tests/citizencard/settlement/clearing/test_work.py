"""What is to be cleared: nothing is forgotten, whatever came when, and nothing is done twice for nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from citizencard.db import reading, transaction
from citizencard.purse.uploads.models import FindingKind, TapRecord
from citizencard.settlement.clearing import flow
from citizencard.settlement.clearing.asking import Portion
from citizencard.settlement.clearing.counters import forks
from citizencard.settlement.clearing.models import SubjectKind, TapClearing, TapToClear
from citizencard.settlement.clearing.work import begin_clearing, end_clearing, is_done, next_portion
from citizencard.settlement.flow import DayClosing, settle_day
from ledger import ClosedDay, open_day
from tests.citizencard.purse.uploads.make_records import MAKER
from tests.citizencard.settlement.clearing.looking import found, sequences, state
from tests.citizencard.settlement.histories.make_histories import Nights


def test_portions_until_nothing_is_left(nights: Nights) -> None:
    """Cards and terminals are written down once a day, taken in order, and a finished day is not begun again."""
    nights.upload(nights.ride(30), nights.ride(20, card=nights.city.senior, amount_fen=0))
    with transaction(nights.sessions) as session:
        day = open_day(session)
        closed = ClosedDay(day, 0, nights.now)
        assert begin_clearing(session, closed)
        first = next_portion(session, SubjectKind.CARD, 1)
        is_done(session, SubjectKind.CARD, first)
        assert begin_clearing(session, closed), "it is not done yet"
        second = next_portion(session, SubjectKind.CARD, 5)
        is_done(session, SubjectKind.CARD, second)
        names = sorted(card.serial.hex().upper() for card in (nights.city.adult, nights.city.senior))
        assert first.names + second.names == names
        assert next_portion(session, SubjectKind.CARD, 5).subjects == ()
        assert next_portion(session, SubjectKind.TERMINAL, 5).names == [nights.city.bus1.number.hex().upper()]
        end_clearing(session, closed, nights.now)
        assert not begin_clearing(session, closed)


def test_what_came_in_late_or_was_not_visible_is_cleared_the_next_night(nights: Nights) -> None:
    """Records of the last hour are looked at again: one of them may have been numbered before, and become visible after, the first look."""
    nights.upload(nights.ride(30))
    nights.close()
    with reading(nights.sessions) as session:
        (record_id,) = session.scalars(select(TapRecord.id))
        assert session.scalars(select(TapClearing.next_after_id)).all() == [record_id - 1]
    nights.now += timedelta(hours=3)
    nights.close()
    with reading(nights.sessions) as session:
        rows = session.scalars(select(TapClearing).order_by(TapClearing.business_date)).all()
        assert [(row.after_id, row.next_after_id) for row in rows] == [(0, record_id - 1), (record_id - 1, record_id)]


def test_killed_at_any_portion_and_run_again(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails while cards are cleared: the next run goes on, comes to the same state, and tells how far it is."""
    monkeypatch.setattr(flow, "CARDS_AT_ONCE", 1)
    forked = [nights.ride(minutes, card_counter=5) for minutes in (60, 50)]
    nights.upload(*forked, nights.ride(20, card=nights.city.senior, amount_fen=0), nights.ride(10, nights.city.lost))
    runs: list[int] = []

    def fails_twice(session: object, portion: Portion) -> object:
        runs.append(len(portion.subjects))
        if len(runs) in (2, 3):
            raise RuntimeError("the power is gone")
        return forks(session, portion)  # type: ignore[arg-type] # a session

    monkeypatch.setattr(flow, "forks", fails_twice)
    with reading(nights.sessions) as session:
        day = open_day(session)
    told: list[tuple[str, int]] = []
    for attempt in range(3):
        closing = DayClosing(day, day + timedelta(days=1))
        if attempt < 2:
            with pytest.raises(RuntimeError, match="power"):
                settle_day(nights.sessions, closing, MAKER, nights.now, lambda name, done: told.append((name, done)))
        else:
            settle_day(nights.sessions, closing, MAKER, nights.now, lambda name, done: told.append((name, done)))
    assert told == [
        (flow.TERMINALS_CLEARED, 1),
        (flow.CARDS_CLEARED, 1),
        (flow.CARDS_CLEARED, 1),
        (flow.CARDS_CLEARED, 2),
    ]
    assert len(runs) == 5
    assert found(nights, FindingKind.COUNTER_FORK) == sequences(forked)
    assert len(state(nights).aside) == 2
    with reading(nights.sessions) as session:
        assert session.scalar(select(func.count()).select_from(TapToClear)) == 0
