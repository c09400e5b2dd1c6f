"""The plain case of posting: one transfer in one round trip to PostgreSQL, in a transaction of its own or within a session's.

The barrier, the posting, and what goes around them travel together in libpq's pipeline mode. They stay apart as statements, because what
the barrier protects must be read in a new snapshot after it. Without a BEGIN all statements of a pipeline up to its Sync are one
transaction, committed by the Sync and rolled back by an error (PostgreSQL manual, "Pipelining" in the chapter on the protocol).

The posting statement takes the plain case alone, and otherwise writes nothing: one locked account at most, open books, no hold that is
over, money enough, nothing in the way. Whatever it does not take (a refusal, a repeat, two locked accounts, a currency of its own) goes the
ordinary way, so that there is one place that refuses. On SQLite, which has no round trips, all of it does.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ledger import wire
from ledger.barrier import BARRIER
from ledger.instants import canonical
from ledger.prepared import Statement, Step
from ledger.transfers import USUAL_CURRENCY, Posted, Transfer, canonical_metadata, fault, fingerprint

_PREPARED: Final = "ledger_plain"
_ENTER: Final = b"ledger_plain_enter"
_POST: Final = b"ledger_plain_post"
_SETTINGS: Final = b"SET default_transaction_isolation = 'read committed'"
_SET: Final = "ledger_plain_set"
_BEGIN: Final = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_ROLLBACK: Final = b"ROLLBACK"
_SAVEPOINT: Final = b"SAVEPOINT ledger_plain"
_RELEASE: Final = b"RELEASE SAVEPOINT ledger_plain"
_BACK: Final = b"ROLLBACK TO SAVEPOINT ledger_plain"
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
), written AS (
  INSERT INTO ledger_transfer (reference, debit_id, credit_id, amount_fen, currency, kind, occurred_at, journal, fingerprint, metadata,
    business_date, recorded_at)
  SELECT s.reference, s.debit_id, s.credit_id, s.amount_fen, s.currency, $9::text, $10::timestamptz, $11::text, $12::text, $13::text,
    s.day, s.now FROM sides s LEFT JOIN moved ON true WHERE s.locked_id IS NULL OR moved.id IS NOT NULL
  RETURNING id
)
SELECT written.id, s.day - DATE '0001-01-01' + 1 FROM sides s LEFT JOIN written ON true
""".encode()  # noqa: S608 # our own names
"""Locks in the order of all posting: the account, and then the reference. A locked account is judged as it is once it is locked: where its
row has changed meanwhile, READ COMMITTED evaluates the UPDATE's conditions on the new row, which stays locked also when they fail.
Answers the id and the ordinal of the day: nothing when it was not tried, no id when it was tried and refused."""

_ENTER_STEP: Final = Statement("ledger_step_enter", _ENTERING.decode())
_POST_STEP: Final = Statement("ledger_step_post", _POSTING.decode())
"""Prepared by others beside ours, so under names of their own."""
_UNIQUE_VIOLATION: Final = "23505"
_NO_SUCH_STATEMENT: Final = "26000"
"""psycopg deallocates every statement of a connection, ours too, when a transaction is rolled back in which it had prepared its own."""
_NOT_TAKEN: Final = frozenset({_UNIQUE_VIOLATION, _NO_SUCH_STATEMENT})


def alone(connection: Connection, transfer: Transfer, now: datetime) -> Posted | None:
    """Post in a transaction of its own: begun, committed, and over when this returns.

    Args:
        connection: outside of a transaction.
        transfer: what shall be posted.
        now: when the ledger learns of it, aware.

    Returns:
        What was posted, or None: then nothing was written, and the ordinary way will tell why.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection) or fault(transfer):
        return None
    if _SET not in connection.info:
        _talk(connection, driver, wire.texts(driver.pgconn, [_SETTINGS]))
        connection.info[_SET] = True
    result = _tried(connection, driver, transfer, now, before=())
    if result is None and _PREPARED not in connection.info:
        result = _tried(connection, driver, transfer, now, before=())
    return _posted(result, transfer, now)


def within(session: Session, transfer: Transfer, now: datetime) -> Posted | None:
    """Post as part of a session's transaction, which is begun on the way where nothing has been asked in it yet.

    Returns:
        What was posted, or None: then nothing was written and nothing is locked but the barrier, and the ordinary way will tell why.
    """
    driver = wire.usual(session)
    if driver is None or fault(transfer):
        return None
    connection = session.connection()
    is_first = driver.pgconn.transaction_status == TransactionStatus.IDLE
    for _ in range(2):
        result = _tried(connection, driver, transfer, now, before=[_BEGIN if is_first else _SAVEPOINT])
        posted = _posted(result, transfer, now)
        # What was tried and refused may have left its account locked, and the ordinary way locks in a sorted run of its own.
        undone = posted is None and (result is None or result.ntuples > 0)
        after = [_BACK] if undone and not is_first else [_ROLLBACK] if undone else []
        after += [] if is_first else [_RELEASE]
        if after:
            _talk(connection, driver, wire.texts(driver.pgconn, after))
        if posted or _PREPARED in connection.info:
            return posted
    return None


def steps(transfer: Transfer, now: datetime) -> list[Step]:
    """The barrier and the posting, to be carried out by `prepared.Line.attempt` after steps of the caller's, in the same transaction.

    Nobody may wait for anything but the ledger's own locks after them: whatever else the caller locks, it locks before.

    Raises:
        InvalidTransfer: the transfer is not well formed.
    """
    wrong = fault(transfer)
    if wrong:
        raise wrong
    return [Step(_ENTER_STEP, ()), Step(_POST_STEP, _texts(transfer, now))]


def taken(answer: PGresult, transfer: Transfer, now: datetime) -> Posted | None:
    """What was posted, by the answer to the last of the `steps`. None: it was not; do not commit, and let the ordinary way tell why."""
    return _posted(answer, transfer, now)


def _tried(
    connection: Connection, driver: psycopg.Connection, transfer: Transfer, now: datetime, *, before: Sequence[bytes]
) -> PGresult | None:
    """What the posting statement answers; None when the transaction, or its part since a savepoint, has to be rolled back."""
    if _PREPARED not in connection.info:
        _talk(connection, driver, _prepare(driver.pgconn))
        connection.info[_PREPARED] = True
    try:
        return _talk(connection, driver, _exchange(driver.pgconn, before, _parameters(transfer, now)))[-1]
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == _NO_SUCH_STATEMENT:
            del connection.info[_PREPARED]
        if state not in _NOT_TAKEN:
            raise
    return None


def _posted(result: PGresult | None, transfer: Transfer, now: datetime) -> Posted | None:
    if result is None or not result.ntuples:
        return None
    number, day = result.get_value(0, 0), result.get_value(0, 1)
    if number is None or day is None:
        return None
    return Posted(int(number), transfer, date.fromordinal(int(day)), now, replayed=False)


def _talk(connection: Connection, driver: psycopg.Connection, exchange: PQGen[list[PGresult]]) -> list[PGresult]:
    with wire.told(connection, _POSTING.decode()):
        return driver.wait(exchange)


def _prepare(pgconn: PGconn) -> PQGen[list[PGresult]]:
    pgconn.enter_pipeline_mode()
    pgconn.send_prepare(_ENTER, _ENTERING)
    pgconn.send_prepare(_POST, _POSTING)
    return (yield from wire.finish(pgconn))


def _exchange(pgconn: PGconn, before: Sequence[bytes], parameters: list[bytes | None]) -> PQGen[list[PGresult]]:
    pgconn.enter_pipeline_mode()
    for statement in before:
        # As text: a prepared one may have been deallocated, and would fail before there is anything to go back to.
        pgconn.send_query_params(statement, None)
    pgconn.send_query_prepared(_ENTER, None)
    pgconn.send_query_prepared(_POST, parameters)
    return (yield from wire.finish(pgconn))


def _parameters(transfer: Transfer, now: datetime) -> list[bytes | None]:
    return [None if value is None else value.encode() for value in _texts(transfer, now)]


def _texts(transfer: Transfer, now: datetime) -> tuple[str | None, ...]:
    return (
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
