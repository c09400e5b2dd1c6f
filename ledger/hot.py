"""The hot door: one transfer, one transaction, one round trip to PostgreSQL. The same contract as `post()`, at several times its speed.

A posting over a session asks the database six times and commits; here the barrier, the posting and the commit travel together, as prepared
statements in libpq's pipeline mode. They stay two statements, because what the barrier protects must be read in a new snapshot after it.
Without BEGIN and COMMIT of our own all statements of a pipeline up to its Sync are one transaction, committed by the Sync and rolled back
by an error (PostgreSQL manual, "Pipelining" in the chapter on the protocol).

The posting statement takes the plain case alone, and otherwise writes nothing: one locked account at most, open books, no hold that is
over, money enough, nothing in the way. Whatever it does not take (a refusal, a repeat, two locked accounts, a currency of its own) goes the
ordinary way on the same connection, so that there is one place that refuses. On SQLite, which has no round trips, all of it does.
"""

from datetime import date, datetime
from typing import Final

import psycopg
from psycopg.abc import PQGen
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ledger.barrier import BARRIER
from ledger.instants import canonical
from ledger.journal import post
from ledger.transfers import Posted, Transfer, canonical_metadata, fault, fingerprint

USUAL_CURRENCY: Final = "CNY"
"""The fingerprint needs the currency before the accounts are read; accounts kept in another one take the ordinary way."""

_PREPARED: Final = "ledger_hot"
_ENTER: Final = b"ledger_hot_enter"
_POST: Final = b"ledger_hot_post"
_SETTINGS: Final = b"SET default_transaction_isolation = 'read committed'"
_ENTERING: Final = f"SELECT pg_advisory_xact_lock_shared({BARRIER})".encode()
_GROWS: Final = "type IN ('asset', 'expense')"
_BALANCE: Final = (
    f"CASE WHEN a.{_GROWS} THEN a.posted_debits_fen - a.posted_credits_fen"
    " ELSE a.posted_credits_fen - a.posted_debits_fen END"
)
_FALLS: Final = f"(a.{_GROWS}) <> (a.id = s.debit_id)"
_POSTING: Final = f"""
WITH given (reference, debit, credit, amount_fen, currency, recharge, fact, now) AS (
  VALUES ($1::text, $2::text, $3::text, $4::bigint, $5::text, $6::boolean, $7::boolean, $8::timestamptz)
), sides AS MATERIALIZED (
  SELECT given.*, y.day, d.id AS debit_id, c.id AS credit_id, CASE WHEN d.locked THEN d.id WHEN c.locked THEN c.id END AS locked_id
  FROM given JOIN ledger_account d ON d.code = given.debit JOIN ledger_account c ON c.code = given.credit
  JOIN ledger_day y ON y.state = 'open'
  WHERE NOT (d.locked AND c.locked) AND d.currency = given.currency AND c.currency = given.currency
  AND d.state <> 'closed' AND c.state <> 'closed'
  AND (given.fact OR ((d.state <> 'frozen' OR d.{_GROWS}) AND (c.state <> 'frozen' OR NOT c.{_GROWS})))
  AND (d.held_out_fen + d.held_in_fen + c.held_out_fen + c.held_in_fen = 0 OR NOT EXISTS (
    SELECT FROM ledger_hold h WHERE h.state = 'open' AND h.expires_at <= given.now
    AND (h.debit_id IN (d.id, c.id) OR h.credit_id IN (d.id, c.id))))
  AND NOT EXISTS (SELECT FROM ledger_stop WHERE state = 'stopped')
  AND NOT EXISTS (SELECT FROM ledger_transfer t WHERE t.reference = given.reference)
), moved AS (
  UPDATE ledger_account a SET
  posted_debits_fen = a.posted_debits_fen + CASE WHEN a.id = s.debit_id THEN s.amount_fen ELSE 0 END,
  posted_credits_fen = a.posted_credits_fen + CASE WHEN a.id = s.credit_id THEN s.amount_fen ELSE 0 END
  FROM sides s WHERE a.id = s.locked_id AND a.state <> 'closed'
  AND CASE WHEN {_FALLS}
    THEN (s.fact OR a.state <> 'frozen') AND (a.floor_fen IS NULL OR {_BALANCE} - a.held_out_fen - s.amount_fen >= a.floor_fen)
    ELSE s.fact OR NOT s.recharge OR a.ceiling_fen IS NULL OR {_BALANCE} + a.held_in_fen + s.amount_fen <= a.ceiling_fen END
  RETURNING a.id
)
INSERT INTO ledger_transfer (reference, debit_id, credit_id, amount_fen, currency, kind, occurred_at, journal, fingerprint, metadata,
  business_date, recorded_at)
SELECT s.reference, s.debit_id, s.credit_id, s.amount_fen, s.currency, $9::text, $10::timestamptz, $11::text, $12::text, $13::text,
  s.day, s.now FROM sides s LEFT JOIN moved ON true WHERE s.locked_id IS NULL OR moved.id IS NOT NULL
RETURNING id, business_date - DATE '0001-01-01' + 1
""".encode()  # noqa: S608 # our own names
"""Locks in the order of all posting: the account, and then the reference. A locked account is judged as it is once it is locked: where its
row has changed meanwhile, READ COMMITTED evaluates the UPDATE's conditions on the new row. Answers the id and the ordinal of the day."""

_UNIQUE_VIOLATION: Final = "23505"
_NO_SUCH_STATEMENT: Final = "26000"
"""psycopg deallocates every statement of a connection, ours too, when a transaction is rolled back in which it had prepared its own."""


def post_hot(connection: Connection, transfer: Transfer, *, now: datetime) -> Posted:
    """Move money by one transfer in a transaction of its own: begins and commits it. When it returns, the money has moved durably.

    The contract is that of `post([transfer])`: the same rows, the same answer to a repeat, the same refusals in the same precedence. After
    a refusal nothing was written and the connection is free. When the connection breaks, nobody knows whether the commit was done: post
    again on another one, the reference answers.

    Args:
        connection: an SQLAlchemy connection outside of a transaction, such as `engine.connect()`; keep it and post on it again and again,
            from one thread at a time. The statements are prepared on it once.
        transfer: what shall be posted.
        now: when the ledger learns of it, aware.

    Raises:
        ValueError: the connection is in a transaction, which is for its owner to commit.
        sqlalchemy.exc.DBAPIError: as of any statement: a lock could not be had in time, the database is gone.
        NoOpenDay, InvalidTransfer, ReferenceReused, UnknownAccount, CurrencyMismatch, AccountClosed, AccountFrozen, BalanceTooLow,
        CeilingExceeded, LedgerStopped: as `post()`.
    """
    if connection.in_transaction():
        raise ValueError("the hot door needs a connection outside of a transaction")
    posted = attempt(connection, transfer, now)
    if posted:
        return posted
    with Session(connection) as session, session.begin():
        return post(session, [transfer], now=now)[0]


def attempt(connection: Connection, transfer: Transfer, now: datetime) -> Posted | None:
    """Post in one round trip, in a transaction of its own, or as part of the one that the connection is in.

    Returns:
        What was posted, or None: then nothing was written, and the ordinary way will tell why.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection) or fault(transfer):
        return None
    done = False
    try:
        if _PREPARED not in connection.info:
            driver.wait(_prepare(driver.pgconn))
            connection.info[_PREPARED] = True
        result = driver.wait(_exchange(driver.pgconn, _parameters(transfer, now)))
        done = True
    except psycopg.Error as error:
        if error.sqlstate:
            done = True
        if error.sqlstate == _UNIQUE_VIOLATION:
            return None
        if error.sqlstate == _NO_SUCH_STATEMENT:
            del connection.info[_PREPARED]
            if not connection.in_transaction():
                return attempt(connection, transfer, now)
        raise DBAPIError.instance(_POSTING.decode(), None, error, psycopg.Error) from error
    finally:
        if not done:
            connection.invalidate()
    if not result.ntuples:
        return None
    return Posted(_number(result, 0), transfer, date.fromordinal(_number(result, 1)), now, replayed=False)


def _prepare(pgconn: PGconn) -> PQGen[None]:
    pgconn.enter_pipeline_mode()
    pgconn.send_query_params(_SETTINGS, None)
    pgconn.send_prepare(_ENTER, _ENTERING)
    pgconn.send_prepare(_POST, _POSTING)
    yield from _finish(pgconn)


def _exchange(pgconn: PGconn, parameters: list[bytes | None]) -> PQGen[PGresult]:
    pgconn.enter_pipeline_mode()
    pgconn.send_query_prepared(_ENTER, None)
    pgconn.send_query_prepared(_POST, parameters)
    results = yield from _finish(pgconn)
    return results[-1]


def _finish(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """End the transaction and read everything up to its end.

    Raises:
        psycopg.Error: the first statement that failed; nothing was written then.
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


def _parameters(transfer: Transfer, now: datetime) -> list[bytes | None]:
    given: tuple[str | None, ...] = (
        transfer.reference,
        transfer.debit,
        transfer.credit,
        str(transfer.amount_fen),
        USUAL_CURRENCY,
        "t" if transfer.recharge else "f",
        "t" if transfer.fact else "f",
        canonical(now),
        transfer.kind,
        canonical(transfer.occurred_at),
        transfer.journal,
        fingerprint(transfer, USUAL_CURRENCY),
        canonical_metadata(transfer.metadata),
    )
    return [None if value is None else value.encode() for value in given]


def _number(result: PGresult, column: int) -> int:
    return int(result.get_value(0, column) or 0)
