"""The database layer."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from citizencard.db import Sessions, check_durability, make_engine, new_id, reading, transaction
from citizencard.errors import DatabaseUnsafe
from citizencard.settlement.models import BookProof


def proof(at: datetime) -> BookProof:
    return BookProof(proved_at=at, transfers=0, accounts=0, differences=0)


def test_exception_leaves_nothing_behind(committed: Sessions, now: datetime) -> None:
    """Half a change is no change."""

    def fail_halfway() -> None:
        with transaction(committed) as session:
            session.add(proof(now))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    with reading(committed) as session:
        assert session.scalar(select(func.count()).select_from(BookProof)) == 0


def test_instants_come_back_as_they_went(session: Session) -> None:
    """To the microsecond, in UTC, from whatever zone they were written."""
    at = datetime(2026, 11, 21, 8, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    session.add(proof(at))
    session.flush()
    read = session.execute(select(BookProof.proved_at)).scalar_one()
    assert (read, read.tzinfo) == (at, UTC)
    with pytest.raises(StatementError, match="time zone"):
        session.execute(select(BookProof).where(BookProof.proved_at == datetime(2026, 11, 21)))  # noqa: DTZ001 # that is the point


def test_a_database_that_may_forget_is_refused() -> None:
    """A server on a database in memory would lose everything it acknowledged."""
    engine = make_engine("sqlite:///:memory:")
    with pytest.raises(DatabaseUnsafe, match="journal_mode is memory"):
        check_durability(engine)
    engine.dispose()


def test_ids_are_opaque_and_do_not_repeat() -> None:
    """An id tells what it names and nothing else."""
    ids = {new_id("card") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(one.startswith("card_") and len(one) == 25 for one in ids)
