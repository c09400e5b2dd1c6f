"""Prepared statements in few round trips to PostgreSQL, in transactions of their own: for paths that are taken hundreds of times a second.

On a connection of SQLAlchemy outside of a transaction, past SQLAlchemy and past the driver's own accounts. Each statement is prepared once
for each connection. Elsewhere (SQLite) there are no round trips to be saved: `usable` says no, and the caller goes the ordinary way.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection, Engine
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


def usable(bind: object) -> bool:
    """Whether connections of this engine can be used here: those to PostgreSQL, by psycopg."""
    return isinstance(bind, Engine) and bind.dialect.name == "postgresql" and bind.dialect.driver == "psycopg"


def ask(connection: Connection, step: Step) -> PGresult:
    """What one statement answers, in a transaction of its own; one round trip.

    Raises:
        ValueError: the connection is in a transaction, which is for its owner to end.
        sqlalchemy.exc.DBAPIError: as of any statement.
    """
    return _twice(connection, [step], b"")[-1]


def attempt(
    connection: Connection, steps: Sequence[Step], holds: Callable[[Sequence[PGresult]], bool]
) -> list[PGresult] | None:
    """Carry out the steps in one transaction of their own; two round trips, whatever their number.

    Every step sees what others have committed before it begins (READ COMMITTED).

    Args:
        connection: outside of a transaction.
        steps: sent together: none can use what an earlier one answers, and all are carried out.
        holds: looks at the answers, in order, and says whether the transaction is to be committed.

    Returns:
        The answers of what was committed. None: nothing was written, because `holds` said no or a unique key was taken.

    Raises:
        ValueError: the connection is in a transaction.
        sqlalchemy.exc.DBAPIError: as of any statement. When the connection breaks, nobody knows whether the commit was done.
    """
    try:
        answers = _twice(connection, steps, _BEGIN)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION:
            return None
        raise
    kept = False
    try:
        kept = holds(answers)
    finally:
        _talk(connection, wire.texts(_pgconn(connection), [_COMMIT if kept else _ROLLBACK]))
    return answers if kept else None


def _twice(connection: Connection, steps: Sequence[Step], before: bytes) -> list[PGresult]:
    """Try again where the driver has thrown our statements away meanwhile."""
    if connection.in_transaction() or _pgconn(connection).transaction_status != TransactionStatus.IDLE:
        raise ValueError("prepared steps need a connection outside of a transaction")
    try:
        return _once(connection, steps, before)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _NO_SUCH_STATEMENT or connection.invalidated:
            raise
    connection.info.pop(_PREPARED, None)
    return _once(connection, steps, before)


def _once(connection: Connection, steps: Sequence[Step], before: bytes) -> list[PGresult]:
    known: set[str] = connection.info.setdefault(_PREPARED, set())
    missing = [step.statement for step in steps if step.statement.name not in known]
    if missing:
        _talk(connection, _prepare(_pgconn(connection), missing))
        known.update(statement.name for statement in missing)
    try:
        return _talk(connection, _exchange(_pgconn(connection), steps, before))[1 if before else 0 :]
    except DBAPIError:
        if before and not connection.invalidated:
            _talk(connection, wire.texts(_pgconn(connection), [_ROLLBACK]))
        raise


def _talk(connection: Connection, exchange: PQGen[list[PGresult]]) -> list[PGresult]:
    with wire.told(connection, "prepared steps"):
        return _driver(connection).wait(exchange)


def _driver(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("prepared steps are PostgreSQL's")
    return driver


def _pgconn(connection: Connection) -> PGconn:
    return _driver(connection).pgconn


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
