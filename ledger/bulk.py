"""The plain case of a batch: two statements that PostgreSQL decides and writes by, and nothing to decide here.

The first locks the accounts and tells whether nothing can be refused: whatever the order of the batch, no account of it falls short even if
only its outgoing transfers are counted, or rises too high even if only its incoming ones are. Then it draws the ids. The second writes.
While the server does the one, fingerprints are computed, and while it does the other, the answers are made.

The plain case has open accounts in the usual currency, open books, no hold that is over, money and room enough, and references that are
not in the books. Everything else is undone and goes the ordinary way, so that there is one place that refuses. On SQLite all of it does.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy.orm import Session

from ledger import barrier, wire
from ledger.arrays import listed
from ledger.columns import Columns, Marks, by_column
from ledger.transfers import USUAL_CURRENCY, Posted, Transfer

_SAVEPOINT: Final = "SAVEPOINT ledger_bulk"
_RELEASE: Final = b"RELEASE SAVEPOINT ledger_bulk"
_BACK: Final = b"ROLLBACK TO SAVEPOINT ledger_bulk"
_ROLLBACK: Final = b"ROLLBACK"

_ACCOUNT: Final = (
    "id, code, type IN ('asset', 'expense') AS grows_by_debit, currency, floor_fen, ceiling_fen, state, posted_debits_fen,"
    " posted_credits_fen, held_out_fen, held_in_fen"
)
_BALANCE: Final = (
    "CASE WHEN b.grows_by_debit THEN b.posted_debits_fen - b.posted_credits_fen"
    " ELSE b.posted_credits_fen - b.posted_debits_fen END"
)
_FALLS: Final = "CASE WHEN b.grows_by_debit THEN given.credited_fen ELSE given.debited_fen END"
_RISES: Final = "CASE WHEN b.grows_by_debit THEN given.debited_fen ELSE given.credited_fen END"
_LOOKING: Final = wire.spelled(f"""
WITH given AS MATERIALIZED (
  SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:debited_fen AS bigint[]), CAST(:credited_fen AS bigint[]))
    WITH ORDINALITY AS given (code, debited_fen, credited_fen, position)
  WHERE NOT EXISTS (SELECT FROM ledger_stop WHERE state = 'stopped')
  AND NOT EXISTS (SELECT FROM ledger_transfer t WHERE t.reference IN (:first, :last))
), ours AS MATERIALIZED (
  SELECT {_ACCOUNT} FROM ledger_account WHERE code = ANY(ARRAY(SELECT code FROM given)) AND locked ORDER BY id FOR NO KEY UPDATE
), others AS MATERIALIZED (
  SELECT {_ACCOUNT} FROM ledger_account WHERE code = ANY(ARRAY(SELECT code FROM given EXCEPT SELECT code FROM ours)) AND NOT locked
), reserved AS MATERIALIZED (
  SELECT id FROM ours WHERE held_out_fen + held_in_fen > 0
), judged AS (
  SELECT array_agg(b.id ORDER BY given.position) AS ids, bool_and(
    b.id IS NOT NULL AND b.state = 'open' AND b.currency = '{USUAL_CURRENCY}'
    AND (b.floor_fen IS NULL OR {_BALANCE} - b.held_out_fen - {_FALLS} >= b.floor_fen)
    AND (NOT CAST(:has_recharges AS boolean) OR b.ceiling_fen IS NULL OR {_BALANCE} + b.held_in_fen + {_RISES} <= b.ceiling_fen)
  ) AND NOT EXISTS (
    SELECT FROM ledger_hold h WHERE h.state = 'open' AND h.expires_at <= :now
    AND (h.debit_id = ANY(ARRAY(SELECT id FROM reserved)) OR h.credit_id = ANY(ARRAY(SELECT id FROM reserved)))
  ) AS is_plain
  FROM given LEFT JOIN (SELECT * FROM ours UNION ALL SELECT * FROM others) AS b ON b.code = given.code
)
SELECT y.day, j.ids, (
  SELECT array_agg(nextval('ledger_transfer_id_seq')) FROM generate_series(1, CASE WHEN j.is_plain THEN :transfers ELSE 0 END)
) FROM ledger_day y CROSS JOIN judged j WHERE y.state = 'open'
""")  # noqa: S608 # our own names
"""Answers the open day, the ids of the accounts in the order of their codes, and the ids to be written under, if the case is plain: then
every account was found, so all of them are locked, in one sorted run. What ARRAY(...) hides is looked up by an index."""

_WRITING: Final = wire.spelled("""
WITH moved AS (
  UPDATE ledger_account a SET posted_debits_fen = a.posted_debits_fen + m.debited_fen,
    posted_credits_fen = a.posted_credits_fen + m.credited_fen
  FROM unnest(CAST(:account_ids AS bigint[]), CAST(:debited_fen AS bigint[]), CAST(:credited_fen AS bigint[]))
    AS m (account_id, debited_fen, credited_fen)
  WHERE a.id = m.account_id AND a.locked
)
INSERT INTO ledger_transfer (id, reference, debit_id, credit_id, amount_fen, currency, kind, occurred_at, journal, fingerprint, metadata,
  business_date, recorded_at) OVERRIDING SYSTEM VALUE
SELECT id, reference, debit_id, credit_id, amount_fen, :currency, COALESCE(kind, :kind), occurred_at, journal, fingerprint,
  COALESCE(metadata, '{}'), :business_date, :recorded_at
FROM unnest(CAST(:ids AS bigint[]), CAST(:references AS text[]), CAST(:debit_ids AS bigint[]), CAST(:credit_ids AS bigint[]),
  CAST(:amounts_fen AS bigint[]), CAST(:kinds AS text[]), CAST(:occurred_at AS timestamptz[]), CAST(:journals AS text[]),
  CAST(:fingerprints AS text[]), CAST(:metadata AS text[]))
  AS given (id, reference, debit_id, credit_id, amount_fen, kind, occurred_at, journal, fingerprint, metadata)
ORDER BY reference ON CONFLICT (reference) DO NOTHING
""")
"""An array that is shorter than the others is NULL behind its end: so an empty one is what all transfers share. References are entered
sorted, so that two batches never wait for each other crosswise."""


def within(session: Session, transfers: Sequence[Transfer], now: datetime) -> list[Posted] | None:
    """Post a batch as part of a session's transaction, all of it or nothing.

    Args:
        session: begun or not.
        transfers: at most `MAX_BATCH`.
        now: when the ledger learns of them, aware.

    Returns:
        What was posted, in the order of the batch, or None: then nothing was written and nothing is locked, and the ordinary way will tell
        what becomes of each.
    """
    driver = wire.usual(session)
    columns = by_column(transfers) if driver else None
    if driver is None or columns is None:
        return None
    connection = session.connection()
    is_first = driver.pgconn.transaction_status == TransactionStatus.IDLE
    posted = _posted(session, driver, columns, now, is_first=is_first)
    # What is locked is let go: the ordinary way locks in a sorted run of its own, together with the accounts of holds that are over.
    after = [] if posted else [_ROLLBACK] if is_first else [_BACK]
    after += [] if is_first else [_RELEASE]
    if after:
        with wire.told(connection, _LOOKING):
            driver.wait(wire.texts(driver.pgconn, after))
    return posted


def _posted(
    session: Session, driver: psycopg.Connection, columns: Columns, now: datetime, *, is_first: bool
) -> list[Posted] | None:
    sums = {
        "debited_fen": listed(session, columns.debited_fen.values()),
        "credited_fen": listed(session, columns.credited_fen.values()),
    }
    asked = {
        **sums,
        "codes": listed(session, columns.debited_fen),
        # A batch that is sent again is so as a whole, mostly: then nothing is even locked.
        "first": columns.references[0],
        "last": columns.references[-1],
        "has_recharges": columns.has_recharges,
        "now": now,
        "transfers": len(columns.transfers),
    }
    with wire.told(session.connection(), _LOOKING), driver.pipeline():
        if not is_first:
            driver.execute(_SAVEPOINT)
        driver.execute(barrier.ENTERING)
        looked = driver.execute(_LOOKING, asked)
        contents = _contents(session, columns)
    day, account_ids, ids = looked.fetchone() or (None, None, None)
    if day is None or ids is None:
        return None
    values = {
        **sums,
        **contents,
        **_places(session, columns, account_ids),
        "ids": listed(session, ids),
        "business_date": day,
        "recorded_at": now,
    }
    with wire.told(session.connection(), _WRITING), driver.pipeline():
        done = driver.execute(_WRITING, values)
        answers = [
            Posted(number, transfer, day, now, replayed=False)
            for number, transfer in zip(ids, columns.transfers, strict=True)
        ]
    # Fewer, when a reference is in the books already.
    return answers if done.rowcount == len(answers) else None


def _contents(session: Session, columns: Columns) -> dict[str, object]:
    marks = Marks.of(columns.transfers)
    return {
        "references": listed(session, columns.references),
        "amounts_fen": listed(session, columns.amounts_fen),
        "currency": USUAL_CURRENCY,
        "kind": columns.kind,
        "kinds": listed(session, columns.kinds),
        "occurred_at": listed(session, marks.occurred_at),
        "journals": listed(session, columns.journals),
        "fingerprints": listed(session, marks.fingerprints),
        "metadata": listed(session, columns.metadata),
    }


def _places(session: Session, columns: Columns, account_ids: Sequence[int]) -> dict[str, object]:
    id_of = dict(zip(columns.debited_fen, account_ids, strict=True))
    return {
        "account_ids": listed(session, account_ids),
        "debit_ids": listed(session, map(id_of.__getitem__, columns.debits)),
        "credit_ids": listed(session, map(id_of.__getitem__, columns.credits)),
    }
