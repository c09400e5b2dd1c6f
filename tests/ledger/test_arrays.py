"""Many values in one statement, the same on both databases."""

import pytest
from sqlalchemy import Boolean, text
from sqlalchemy.orm import Session

from ledger.arrays import Column, among, given, listed, rows
from ledger.instants import Instant
from tests.ledger.make import AT, DAY

COLUMNS: list[Column] = [("name", "text"), ("fen", "bigint"), ("yes", "boolean"), ("at", "timestamptz")]


def test_rows_come_back_in_order(session: Session) -> None:
    """Texts of any kind, the largest amounts, nothing and instants arrive unchanged and in their order."""
    sent = [
        ("z'\"\\{},", 2**53, True, AT),
        ("王", -1, False, None),
        ("", None, True, AT),
        ("NULL", 0, None, AT),
        (None, 1, False, AT),
        ("a\\b\n\t\x01 None", 2, True, AT),
        ('","', 3, True, AT),
    ]
    table = rows(session, COLUMNS)
    found = session.execute(
        text(f"SELECT name, fen, yes, at FROM {table} ORDER BY position").columns(yes=Boolean, at=Instant),  # noqa: S608 # constants
        given(session, COLUMNS, sent),
    )
    assert [tuple(row) for row in found] == sent


@pytest.mark.parametrize(
    "names", [["a", "b c", "NULL"], ["\\"], ['"'], [""], ['","', "x"], ["None", None], [None, None]]
)
def test_texts_alone(session: Session, names: list[str | None]) -> None:
    """However the array is written, each text arrives as it was sent, and nothing stays nothing."""
    table = rows(session, COLUMNS[:1])
    found = session.execute(
        text(f"SELECT name FROM {table} ORDER BY position"),  # noqa: S608 # constants
        given(session, COLUMNS[:1], [(name,) for name in names]),
    )
    assert found.scalars().all() == names


def test_among_many(session: Session) -> None:
    """A condition takes a list of any length, also none."""
    for values, expected in ((["a", "c"], ["a"]), ([], []), (["x"] * 5_000, [])):
        found = session.execute(
            text(f"SELECT name FROM (SELECT 'a' AS name) AS n WHERE {among(session, 'name', 'names')}"),  # noqa: S608 # constants
            {"names": listed(session, values)},
        )
        assert found.scalars().all() == expected


def test_only_plain_values(session: Session) -> None:
    """A value of a kind that was not thought of is a fault of the programmer."""
    if session.get_bind().dialect.name == "sqlite":
        assert given(session, [("day", "date")], [(DAY,)]) == {"given": '[["2026-11-21"]]'}
        with pytest.raises(TypeError):
            given(session, COLUMNS, [(object(),)])  # type: ignore[list-item] # the fault
