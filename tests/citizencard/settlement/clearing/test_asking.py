"""A portion as a parameter, and days as numbers: both databases reckon alike."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.settlement.clearing.asking import Portion, Subject, asked_from, beijing_day, seconds, whole_seconds

LAST_SECOND = datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)


def test_a_portion_is_a_table(session: Session) -> None:
    """Subjects with new taps are rows, with times as wide as was asked; a card of which only the money has moved is none."""
    at = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    portion = Portion((Subject("A", 1, 2, at, at), Subject("B", None, None, None, None)))
    columns = f"q.subject, q.low, q.high, {seconds(session, 'q.from_at')} AS a, {seconds(session, 'q.to_at')} AS b"
    statement = text(f"SELECT {columns} FROM {asked_from(session)}")  # noqa: S608 # constants
    rows = session.execute(statement, {"asked": portion.asked(timedelta(minutes=1))}).all()
    s = int(at.timestamp())
    assert [tuple(row) for row in rows] == [("A", 1, 2, s - 60, s + 60)]
    assert portion.names == ["A", "B"]


@pytest.mark.parametrize(("at", "day"), [(LAST_SECOND, 0), (LAST_SECOND + timedelta(seconds=1), 1)])
def test_a_day_begins_at_midnight_in_beijing(session: Session, at: datetime, day: int) -> None:
    """A second before midnight is the day before."""
    first = (int(LAST_SECOND.timestamp()) + 8 * 3_600) // 86_400
    statement = text(f"SELECT {beijing_day('CAST(:at AS bigint)')}")  # a constant
    assert session.scalar(statement, {"at": int(at.timestamp())}) == first + day
    assert whole_seconds(timedelta(days=1, seconds=2)) == 86_402
