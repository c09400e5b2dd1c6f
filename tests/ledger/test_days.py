"""Business days follow one another, and a closed one never changes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from ledger import DayTotals, close_day, open_day, open_first_day, post, prove, total_day
from ledger.errors import InvalidDay, NoOpenDay, UnknownDay
from tests.ledger.make import AT, DAY, books, transfer

NEXT = DAY + timedelta(days=1)


def test_books_are_begun_once(session: Session, now: datetime) -> None:
    """The first day is opened once; to name another one later is refused."""
    with pytest.raises(NoOpenDay):
        open_day(session)
    for _ in range(2):
        open_first_day(session, DAY, now=now)
    assert open_day(session) == DAY
    with pytest.raises(InvalidDay):
        open_first_day(session, NEXT, now=now)
    close_day(session, DAY, NEXT, now=now)
    with pytest.raises(InvalidDay):
        open_first_day(session, DAY, now=now)


def test_late_events_settle_in_the_open_day(session: Session, now: datetime) -> None:
    """After the close a ride of yesterday settles today; a day closed again gives the same cut."""
    books(session)
    (ride,) = post(session, [transfer("a", "bank", "wallet:1", 5)], now=now)
    closed = close_day(session, DAY, NEXT, now=now)
    assert (closed.day, closed.cut_id, closed.closed_at) == (DAY, ride.id, now)
    (late,) = post(session, [transfer("b", "bank", "wallet:1", 5, occurred_at=AT - timedelta(days=2))], now=now)
    assert (ride.business_date, late.business_date) == (DAY, NEXT)
    assert close_day(session, DAY, NEXT + timedelta(days=9), now=now + timedelta(days=1)) == closed
    assert open_day(session) == NEXT
    assert prove(session).proved


def test_holidays_may_be_skipped(session: Session, now: datetime) -> None:
    """The next day need not be the next of the calendar, but it comes later; a day without transfers has its cut too."""
    books(session)
    with pytest.raises(InvalidDay):
        close_day(session, DAY, DAY, now=now)
    with pytest.raises(UnknownDay):
        close_day(session, NEXT, NEXT + timedelta(days=1), now=now)
    close_day(session, DAY, DAY + timedelta(days=3), now=now)
    assert open_day(session) == DAY + timedelta(days=3)
    assert prove(session).proved


def test_closed_day_is_counted_once(session: Session, now: datetime) -> None:
    """The totals of a day hold what was posted in it and nothing else."""
    books(session)
    post(session, [transfer("a", "bank", "wallet:1", 5), transfer("b", "bank", "wallet:1", 7)], now=now)
    for day in (DAY, NEXT):
        with pytest.raises(UnknownDay):
            total_day(session, day)
    close_day(session, DAY, NEXT, now=now)
    post(session, [transfer("c", "bank", "wallet:1", 9)], now=now)
    assert total_day(session, DAY) == total_day(session, DAY) == DayTotals(DAY, 2, 12)
    close_day(session, NEXT, NEXT + timedelta(days=1), now=now)
    assert total_day(session, NEXT) == DayTotals(NEXT, 1, 9)
    assert prove(session).proved
