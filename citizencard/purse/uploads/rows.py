"""Many rows to one statement: the batch travels as one JSON text that both databases unfold, so statements do not grow with it."""

# ruff: noqa: S608 - names of our own tables and columns are put into the text, values never
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql


def insert_new(session: Session, table: Table, rows: Sequence[Mapping[str, Any]], returning: str) -> Sequence[Row[Any]]:
    """Insert those rows that break no unique key, in the order given and in one statement; returns columns of those that went in.

    Callers sort, so that concurrent inserters of the same rows meet in one order and wait instead of deadlocking.

    Args:
        session: joined.
        table: where to.
        rows: all with the same columns, values as JSON has them; bytes as hexadecimal text, instants aware.
        returning: SQL list of columns.
    """
    if not rows:
        return []
    names = ", ".join(rows[0])
    if is_postgresql(session):
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's own
        typed = ", ".join(f"{name} {table.c[name].type.compile(dialect=dialect)}" for name in rows[0])
        unfolded = f"ROWS FROM (jsonb_to_recordset(CAST(:rows AS jsonb)) AS ({typed})) WITH ORDINALITY AS r({names}, n)"
    else:
        extracted = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in rows[0])
        unfolded = f"(SELECT {extracted}, key AS n FROM json_each(:rows))"
    # WHERE true: without it SQLite reads ON CONFLICT as a join condition.
    statement = (
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {unfolded} WHERE true ORDER BY n"
        f" ON CONFLICT DO NOTHING RETURNING {returning}"
    )
    return session.execute(text(statement), {"rows": as_json(rows)}).all()


def as_json(values: Any) -> str:  # noqa: ANN401 # whatever JSON can hold
    """One JSON text; instants as UtcDateTime writes them, so that they compare as text on SQLite."""
    return json.dumps(values, default=_instant)


def listed(session: Session, parameter: str, of: str = "text") -> str:
    """SQL for the values in a parameter made by `as_json`, to stand after IN; `of` is their type on PostgreSQL."""
    if is_postgresql(session):
        return f"(SELECT CAST(value AS {of}) FROM jsonb_array_elements_text(CAST(:{parameter} AS jsonb)) AS e(value))"
    return f"(SELECT value FROM json_each(:{parameter}))"


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"cannot be passed to a statement: {type(value).__name__}")
