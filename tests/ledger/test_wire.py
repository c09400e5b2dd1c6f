"""Statements beside SQLAlchemy: the same transaction, the same errors."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading
from ledger import wire


def test_only_transactions_of_the_usual_kind(committed: Sessions) -> None:
    """A session that only reads, or is one of SQLite, goes the ordinary way; whoever has the reader's connection next may write."""
    for _ in range(2):
        with committed() as session:
            assert (wire.usual(session) is not None) == (committed.kw["bind"].dialect.name == "postgresql")
        with reading(committed) as session:
            assert wire.usual(session) is None
            session.execute(text("SELECT 1"))


def test_parameters_are_spelled_as_the_driver_wants_them() -> None:
    """One text serves both ways."""
    assert wire.spelled("SELECT :a, CAST(:b_c AS text[])") == "SELECT %(a)s, CAST(%(b_c)s AS text[])"


def test_errors_are_those_of_any_statement(committed: Sessions) -> None:
    """Whoever catches what the database says need not know which way the statement went; a lost connection is given up."""

    def run(session: Session, statement: str) -> None:
        driver = wire.usual(session)
        assert driver
        with wire.told(session.connection(), statement), driver.pipeline():
            driver.execute(statement)

    if committed.kw["bind"].dialect.name != "postgresql":
        return
    with committed() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(DBAPIError) as failed:
            run(session, "SELECT 1 / 0")
        assert not failed.value.connection_invalidated
        session.rollback()
        with pytest.raises(OperationalError) as failed:
            run(session, "SELECT pg_terminate_backend(pg_backend_pid())")
        assert failed.value.connection_invalidated
        session.rollback()
        assert session.execute(text("SELECT 1")).scalar_one() == 1
