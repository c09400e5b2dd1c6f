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
Where = Session | str
"""The database: a session of it, or its name by `dialect`."""


def dialect(session: Session) -> str:
    """The name of the session's database, for statements that are made once for each."""
    return session.get_bind().dialect.name


def is_postgresql(where: Where) -> bool:
    """Whether it is PostgreSQL; otherwise it is SQLite."""
    return (where if isinstance(where, str) else dialect(where)) == "postgresql"


def among(where: Where, column: str, parameter: str, of: str = "text") -> str:
    """A condition: the column holds one of the values of a parameter made by `listed`."""
    if is_postgresql(where):
        return f"{column} = ANY(CAST(:{parameter} AS {of}[]))"
    return f"{column} IN (SELECT value FROM json_each(:{parameter}))"  # noqa: S608 # the names are our own


def listed(session: Session, values: Iterable[str | int | None]) -> object:
    """The values as the one parameter that `among` expects."""
    return _array(list(values)) if is_postgresql(session) else json.dumps(list(values))


def rows(where: Where, columns: Sequence[Column], table: str = "given") -> str:
    """A table of that name, in the order of the batch, out of the parameters made by `given`."""
    if is_postgresql(where):
        arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in columns)
        return f"unnest({arrays}) WITH ORDINALITY AS {table}({', '.join(name for name, _ in columns)}, position)"
    fields = ", ".join(f"json_extract(value, '$[{index}]') AS {name}" for index, (name, _) in enumerate(columns))
    return f"(SELECT {fields}, key AS position FROM json_each(:given)) AS {table}"  # noqa: S608 # the names are our own


def given(session: Session, columns: Sequence[Column], values: Sequence[Sequence[Value]]) -> dict[str, object]:
    """The parameters for `rows`: one array a column, or one JSON text of all rows."""
    if is_postgresql(session):
        by_column = zip(*values, strict=True) if values else [()] * len(columns)
        return {name: _array(column) for (name, _), column in zip(columns, by_column, strict=True)}
    return {"given": json.dumps(values, default=_as_text)}


def _array(values: Sequence[Value]) -> str:
    """The text that PostgreSQL reads as an array. Written at once: a driver turns the values over one by one, at five times the cost.

    Numbers and truth stand bare, NULL stands bare, texts in quotes with a backslash before quotes and backslashes (PostgreSQL manual,
    "Array Input and Output Syntax").
    """
    kinds = set(map(type, values))
    if kinds <= {int, bool, type(None)}:
        return "{" + ",".join(map(str, values)).replace("None", "NULL") + "}"
    if kinds == {str}:
        texts: list[str] = list(values)  # type: ignore[arg-type] # all of them are
        joined = '","'.join(texts)
        if "\\" not in joined and joined.count('"') == 2 * len(texts) - 2:
            return '{"' + joined + '"}'
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Value) -> str:
    if value is None:
        return "NULL"
    text = value if isinstance(value, str) else str(value) if isinstance(value, int) else _as_text(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return canonical(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"cannot be passed to a statement: {type(value).__name__}")
