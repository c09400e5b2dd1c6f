"""Passing many values to one statement, so that the number of statements does not grow with the batch.

PostgreSQL takes arrays, SQLite takes them as JSON text and unpacks them by `json_each`. This module is the only place that knows.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.instants import canonical

Value = str | int | bool | datetime | date | None
Column = tuple[str, str]
"""Name of a column and its PostgreSQL type."""


def is_postgresql(session: Session) -> bool:
    """Whether the session talks to PostgreSQL; otherwise it is SQLite."""
    return session.get_bind().dialect.name == "postgresql"


def among(session: Session, column: str, parameter: str, of: str = "text") -> str:
    """A condition: the column holds one of the values of a parameter made by `listed`."""
    if is_postgresql(session):
        return f"{column} = ANY(CAST(:{parameter} AS {of}[]))"
    return f"{column} IN (SELECT value FROM json_each(:{parameter}))"  # noqa: S608 # the names are our own


def listed(session: Session, values: Iterable[str | int]) -> object:
    """The values as the one parameter that `among` expects."""
    return list(values) if is_postgresql(session) else json.dumps(list(values))


def rows(session: Session, columns: Sequence[Column]) -> str:
    """A table named `given`, in the order of the batch, out of the parameters made by `given`."""
    if is_postgresql(session):
        arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in columns)
        return f"unnest({arrays}) WITH ORDINALITY AS given({', '.join(name for name, _ in columns)}, position)"
    fields = ", ".join(f"json_extract(value, '$[{index}]') AS {name}" for index, (name, _) in enumerate(columns))
    return f"(SELECT {fields}, key AS position FROM json_each(:given)) AS given"  # noqa: S608 # the names are our own


def given(session: Session, columns: Sequence[Column], values: Sequence[Sequence[Value]]) -> dict[str, object]:
    """The parameters for `rows`: one array a column, or one JSON text of all rows."""
    if is_postgresql(session):
        return {name: [row[index] for row in values] for index, (name, _) in enumerate(columns)}
    return {"given": json.dumps(values, default=_as_text)}


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return canonical(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"cannot be passed to a statement: {type(value).__name__}")
