"""An instant is the same instant on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.orm import Session

from ledger import post, statement
from ledger.instants import canonical, in_utc
from tests.ledger.make import books, transfer

BEIJING_NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))


def test_written_form() -> None:
    """Bytes that are compared hold UTC with microseconds, always."""
    assert canonical(BEIJING_NOON) == "2026-11-21T04:00:00.123456+00:00"
    assert canonical(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000000+00:00"
    assert in_utc(BEIJING_NOON) == BEIJING_NOON
    assert in_utc(BEIJING_NOON).tzinfo is UTC
    for write in (canonical, in_utc):
        with pytest.raises(ValueError, match="time zone"):
            write(datetime(2026, 1, 1))  # noqa: DTZ001 # the fault


def test_microseconds_survive(session: Session) -> None:
    """What is read back is the instant that was given, in UTC."""
    books(session)
    post(session, [transfer("a", "bank", "wallet:1", 1, occurred_at=BEIJING_NOON)], now=BEIJING_NOON)
    (line,) = statement(session, "bank").lines
    assert line.occurred_at == line.recorded_at == BEIJING_NOON
    assert line.occurred_at.utcoffset() == timedelta(0)
