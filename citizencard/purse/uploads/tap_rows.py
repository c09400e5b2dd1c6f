"""Thousands of records into their table by one statement that takes them column by column.

PostgreSQL gets an array for each column; explanations, of which a batch has few different ones, are read as JSON once each. SQLite gets one
JSON text of all rows.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql
from ledger import arrays

COLUMNS: Final = (
    ("ordinal", "integer"),
    ("digest", "text"),
    ("identity", "text"),
    ("kind", "smallint"),
    ("verdict", "text"),
    ("reason", "text"),
    ("terminal_sequence", "bigint"),
    ("card_serial", "text"),
    ("card_counter", "integer"),
    ("card_id", "text"),
    ("card_class", "smallint"),
    ("merchant_id", "text"),
    ("line", "integer"),
    ("tac", "text"),
    ("amount_fen", "bigint"),
    ("balance_after_fen", "bigint"),
    ("subsidy_fen", "bigint"),
    ("tapped_at", "timestamptz"),
    ("tariff_version", "bigint"),
    ("explanation", "bigint"),
)
"""What differs from record to record; of the explanation its place among the different ones."""
_SHARED: Final = "batch_id, terminal_number, received_at"
_NAMES: Final = ", ".join(name for name, _ in COLUMNS[:-1])


def insert_taps(
    session: Session,
    shared: Mapping[str, Any],
    rows: Iterable[Sequence[Any]],
    explanations: Sequence[Mapping[str, Any]],
) -> dict[int, int]:
    """Insert those records that break no unique key, in the order given, in one statement; the ids of those that went in, by ordinal.

    Callers sort, so that concurrent inserters of the same rows meet in one order and wait instead of deadlocking.

    Args:
        session: joined.
        shared: what all rows have in common: `batch_id`, `terminal_number`, `received_at` in its canonical form.
        rows: values in the order of COLUMNS; instants in their canonical form.
        explanations: the different ones, which the rows' last column counts from 0.
    """
    texts = [json.dumps(one, separators=(",", ":")) for one in explanations]
    on_postgresql = is_postgresql(session)
    received_at = "CAST(:received_at AS timestamptz)" if on_postgresql else ":received_at"
    if on_postgresql:
        explained = arrays.rows(session, (("content", "jsonb"),), "e")
        values = {**arrays.given(session, COLUMNS, list(rows)), "content": arrays.listed(session, texts)}
        source = f"{arrays.rows(session, COLUMNS, 'q')} JOIN {explained} ON e.position = q.explanation + 1"
        content = "e.content"
    else:
        values = arrays.given(session, COLUMNS, [(*row[:-1], texts[row[-1]]) for row in rows])
        source, content = arrays.rows(session, COLUMNS, "q"), "q.explanation"
    # WHERE true: without it SQLite reads ON CONFLICT as a join condition.
    statement = text(
        f"INSERT INTO tap_record ({_SHARED}, {_NAMES}, explanation)"  # noqa: S608 # our own names
        f" SELECT :batch_id, :terminal_number, {received_at}, {_NAMES}, {content} FROM {source} WHERE true"
        " ORDER BY q.position ON CONFLICT DO NOTHING RETURNING ordinal, id"
    )
    inserted = session.execute(statement, {**shared, **values}).all()
    return {row.ordinal: row.id for row in inserted}
