"""The database layer."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from citizencard import db
from citizencard.db import TRUSTED_S, Sessions, check_durability, make_engine, new_id, reading, transaction
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


@pytest.mark.parametrize("database", ["postgresql"])  # a file closes no connections
def test_connection_that_the_server_closed_is_replaced(committed: Sessions) -> None:
    """When the database was restarted, the next customer does not notice."""
    engine = committed.kw["bind"]
    asked = text("SELECT pg_backend_pid()")
    with engine.connect() as one, engine.connect() as other:
        before = [connection.execute(asked).scalar_one() for connection in (one, other)]
    with reading(committed) as session:
        assert session.execute(asked).scalar_one() in before
        kill = text("SELECT pg_terminate_backend(:pid, 5000)")
        alive = session.execute(asked).scalar_one()
        assert [session.execute(kill, {"pid": pid}).scalar_one() for pid in before if pid != alive] == [True]
    with engine.connect() as one, engine.connect() as other:
        after = [connection.execute(asked).scalar_one() for connection in (one, other)]
    assert len(set(after)) == 2


@pytest.mark.parametrize("database", ["postgresql"])  # a file needs no network
def test_connection_that_was_idle_is_asked(committed: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that went without a word is noticed before money is moved over it."""
    engine = committed.kw["bind"]
    asked: list[object] = []
    ping = engine.dialect.do_ping

    def noted(connection: DBAPIConnection) -> bool:
        asked.append(connection)
        return bool(ping(connection))

    monkeypatch.setattr(engine.dialect, "do_ping", noted)
    for trusted_s, asks in ((TRUSTED_S, False), (-1, True)):
        monkeypatch.setattr(db, "TRUSTED_S", trusted_s)
        for _ in range(2):
            engine.connect().close()
        assert bool(asked) == asks


def test_ids_are_opaque_and_do_not_repeat() -> None:
    """An id tells what it names and nothing else."""
    ids = {new_id("card") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(one.startswith("card_") and len(one) == 25 for one in ids)
