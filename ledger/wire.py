"""Statements that go to PostgreSQL without SQLAlchemy in between: several in one round trip, and work of ours while the server works.

They belong to the transaction of the session all the same: the connection is the session's, and its errors are SQLAlchemy's.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg.abc import PQGen
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_PARAMETER = re.compile(r":(\w+)")


def usual(session: Session) -> psycopg.Connection | None:
    """The session's connection, if it is one to PostgreSQL, with transactions of the usual kind: READ COMMITTED, and they may write."""
    driver = session.connection().connection.driver_connection
    if (
        isinstance(driver, psycopg.Connection)
        and driver.isolation_level == psycopg.IsolationLevel.READ_COMMITTED
        and not driver.autocommit
        # False where it was set back: a connection that somebody has only read by may write again.
        and not driver.read_only
        and driver.deferrable is None
    ):
        return driver
    return None


def spelled(statement: str) -> str:
    """A statement of ours as psycopg wants it: `%(name)s` for `:name`."""
    return _PARAMETER.sub(r"%(\1)s", statement)


@contextmanager
def told(connection: Connection, statement: str) -> Iterator[None]:
    """Whatever fails in the block fails as a statement of SQLAlchemy's does; a connection that is lost, or left in the midst, is given up.

    Raises:
        sqlalchemy.exc.DBAPIError: as of any statement.
    """
    done = False
    try:
        yield
        done = True
    except psycopg.Error as error:
        lost = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type] # psycopg's own classes
        done = error.sqlstate is not None and not lost
        raise DBAPIError.instance(statement, None, error, psycopg.Error, connection_invalidated=not done) from error
    finally:
        if not done:
            connection.invalidate()


def texts(pgconn: PGconn, statements: Sequence[bytes]) -> PQGen[list[PGresult]]:
    """Statements without parameters in one round trip, past the driver's own accounts: at a ROLLBACK it would forget all it has prepared.

    Raises:
        psycopg.Error: the first statement that failed.
    """
    pgconn.enter_pipeline_mode()
    for statement in statements:
        pgconn.send_query_params(statement, None)
    return (yield from finish(pgconn))


def finish(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """End the pipeline, and with it a transaction that has no BEGIN, and read everything up to its end.

    Raises:
        psycopg.Error: the first statement that failed; of a transaction without BEGIN nothing was written then.
    """
    pgconn.pipeline_sync()
    yield from send(pgconn)
    results: list[PGresult] = []
    while (part := (yield from fetch_many(pgconn)))[0].status != ExecStatus.PIPELINE_SYNC:
        results += part
    pgconn.exit_pipeline_mode()
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
    return results
