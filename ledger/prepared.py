"""Prepared statements in few round trips to PostgreSQL, in transactions of their own: for paths that are taken hundreds of times a second.

On connections of SQLAlchemy's pool, past the rest of SQLAlchemy and past the driver's own accounts; errors are SQLAlchemy's. Each statement
is prepared once for each connection. Elsewhere (SQLite) there are no round trips to be saved: `usable` says no, and the caller goes the
ordinary way.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple, TypeGuard

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from ledger import wire

Parameters = Sequence[str | None]

_BEGIN: Final = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_COMMIT: Final = b"COMMIT"
_ROLLBACK: Final = b"ROLLBACK"
_PREPARED: Final = "ledger_prepared"
_UNIQUE_VIOLATION: Final = "23505"
_NO_SUCH_STATEMENT: Final = "26000"
"""psycopg deallocates every statement of a connection, ours too, when a transaction is rolled back in which it had prepared its own."""


class Statement(NamedTuple):
    """A statement under the name that it is prepared by; parameters are `$1`, `$2` … and are sent as text, so each names its type."""

    name: str
    text: str


class Step(NamedTuple):
    """A statement and what it is asked with."""

    statement: Statement
    parameters: Parameters


class Line:
    """A connection of an engine's pool while it is in use here; see `line`."""

    def __init__(self, engine: Engine, pooled: PoolProxiedConnection, driver: psycopg.Connection) -> None:
        self._engine = engine
        self._pooled = pooled
        self._driver = driver

    def ask(self, step: Step) -> PGresult:
        """What one statement answers, in a transaction of its own; one round trip.

        Raises:
            sqlalchemy.exc.DBAPIError: as of any statement.
        """
        return self._twice([step], b"")[-1]

    def attempt(self, steps: Sequence[Step], holds: Callable[[Sequence[PGresult]], bool]) -> list[PGresult] | None:
        """Carry out the steps in one transaction of their own; two round trips, whatever their number.

        Every step sees what others have committed before it begins (READ COMMITTED).

        Args:
            steps: sent together: none can use what an earlier one answers, and all are carried out.
            holds: looks at the answers, in order, and says whether the transaction is to be committed.

        Returns:
            The answers of what was committed. None: nothing was written, because `holds` said no or a unique key was taken.

        Raises:
            sqlalchemy.exc.DBAPIError: as of any statement. When the connection breaks, nobody knows whether the commit was done.
        """
        try:
            answers = self._twice(steps, _BEGIN)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION:
                return None
            raise
        kept = False
        try:
            kept = holds(answers)
        finally:
            self._talk(wire.texts(self._driver.pgconn, [_COMMIT if kept else _ROLLBACK]))
        return answers if kept else None

    def _twice(self, steps: Sequence[Step], before: bytes) -> list[PGresult]:
        """Try again where the driver has thrown our statements away meanwhile."""
        try:
            return self._once(steps, before)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _NO_SUCH_STATEMENT:
                raise
        self._pooled.info.pop(_PREPARED, None)
        return self._once(steps, before)

    def _once(self, steps: Sequence[Step], before: bytes) -> list[PGresult]:
        known: set[str] = self._pooled.info.setdefault(_PREPARED, set())
        missing = [step.statement for step in steps if step.statement.name not in known]
        if missing:
            self._talk(_prepare(self._driver.pgconn, missing))
            known.update(statement.name for statement in missing)
        try:
            return self._talk(_exchange(self._driver.pgconn, steps, before))[1 if before else 0 :]
        except DBAPIError as error:
            if before and not error.connection_invalidated:
                self._talk(wire.texts(self._driver.pgconn, [_ROLLBACK]))
            raise

    def _talk(self, exchange: PQGen[list[PGresult]]) -> list[PGresult]:
        """Whatever fails does so as a statement of SQLAlchemy's; a connection that is lost, or left in the midst, is given up."""
        done = False
        try:
            answers = self._driver.wait(exchange)
            done = True
        except psycopg.Error as error:
            lost = self._engine.dialect.is_disconnect(error, self._pooled.dbapi_connection, None)  # type: ignore[arg-type] # psycopg's own classes
            done = error.sqlstate is not None and not lost
            raise DBAPIError.instance(
                "prepared steps", None, error, psycopg.Error, connection_invalidated=not done
            ) from error
        finally:
            if not done:
                self._pooled.invalidate()
        return answers


def usable(bind: object) -> TypeGuard[Engine]:
    """Whether connections of this engine can be used here: those to PostgreSQL, by psycopg."""
    return isinstance(bind, Engine) and bind.dialect.name == "postgresql" and bind.dialect.driver == "psycopg"


@contextmanager
def line(engine: Engine) -> Iterator[Line]:
    """A connection of the pool for a few exchanges, given back at the end.

    Raises:
        ValueError: the engine is none of PostgreSQL's, or the connection came from the pool in a transaction.
        sqlalchemy.exc.DBAPIError, sqlalchemy.exc.TimeoutError: there is no connection to be had.
    """
    pooled = engine.raw_connection()
    try:
        driver = pooled.driver_connection
        if not isinstance(driver, psycopg.Connection) or driver.pgconn.transaction_status != TransactionStatus.IDLE:
            raise ValueError("prepared steps need a connection to PostgreSQL, outside of a transaction")
        yield Line(engine, pooled, driver)
    finally:
        pooled.close()


def _prepare(pgconn: PGconn, statements: Sequence[Statement]) -> PQGen[list[PGresult]]:
    pgconn.enter_pipeline_mode()
    for statement in statements:
        pgconn.send_prepare(statement.name.encode(), statement.text.encode())
    return (yield from wire.finish(pgconn))


def _exchange(pgconn: PGconn, steps: Sequence[Step], before: bytes) -> PQGen[list[PGresult]]:
    pgconn.enter_pipeline_mode()
    if before:
        pgconn.send_query_params(before, None)
    for statement, parameters in steps:
        values = [None if value is None else value.encode() for value in parameters]
        pgconn.send_query_prepared(statement.name.encode(), values)
    return (yield from wire.finish(pgconn))
