"""Prepared steps in few round trips: all of them or nothing, whatever happens to the connection's statements meanwhile."""

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from citizencard.db import make_engine
from ledger.prepared import Statement, Step, line, usable

ADD = Statement(
    "test_add", "INSERT INTO ledger_stop (stopped_at, cause, state) VALUES (now(), $1::text, 'stopped') RETURNING id"
)
COUNT = Statement("test_count", "SELECT count(*) FROM ledger_stop")
WRONG = Statement("test_wrong", "SELECT 1 / ($1::int - $1::int)")


@pytest.fixture(scope="module")
def address(clone_database: Callable[[str], str]) -> str:
    return clone_database("postgresql")


def test_only_postgresql_is_asked_so(address: str) -> None:
    """Where there are no round trips to be saved, the ordinary way is gone."""
    assert usable(make_engine(address))
    assert not usable(make_engine("sqlite://"))
    assert not usable(None)
    with pytest.raises(ValueError, match="PostgreSQL"), line(create_engine("sqlite://")):
        pass


def test_steps_are_written_together_or_not_at_all(address: str) -> None:
    """Money and what it is for stand in the books together: after a no, a failure or a taken key nothing does, and the line is good."""
    engine = make_engine(address)

    def count() -> int:
        with line(engine) as used:
            return int(used.ask(Step(COUNT, ())).get_value(0, 0) or b"")

    with line(engine) as used:
        assert (
            used.attempt([Step(ADD, ("a",)), Step(COUNT, ())], lambda answers: answers[1].get_value(0, 0) == b"2")
            is None
        )
        assert used.attempt([Step(COUNT, ())], lambda _: True)
    assert count() == 0
    with line(engine) as used:
        with pytest.raises(DBAPIError):
            used.attempt([Step(ADD, ("a",)), Step(WRONG, ("1",))], lambda _: True)
        assert used.attempt([Step(ADD, ("b",))], lambda answers: bool(answers[0].ntuples)) is not None
        assert used.attempt([Step(ADD, ("c",))], lambda _: True) is None, (
            "only one stop at a time: its unique key is taken"
        )
    assert count() == 1
    engine.dispose()


def test_statements_that_were_thrown_away_are_prepared_again(address: str) -> None:
    """The driver forgets all statements of a connection now and then; nobody notices, in a transaction or out of one."""
    engine = make_engine(address)
    for _ in range(2):
        with line(engine) as used:
            assert used.ask(Step(COUNT, ())).ntuples
            assert used.attempt([Step(COUNT, ()), Step(COUNT, ())], lambda _: True)
        with engine.connect() as connection:
            connection.execute(text("DEALLOCATE ALL"))
    engine.dispose()


def test_lost_connection_is_given_up(address: str) -> None:
    """A connection that breaks is not given to the next."""
    engine = make_engine(address)
    kill = Statement("test_kill", "SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(DBAPIError) as lost, line(engine) as used:
        used.ask(Step(kill, ()))
    assert lost.value.connection_invalidated
    with line(engine) as used:
        assert used.ask(Step(COUNT, ())).ntuples
    engine.dispose()
