"""Many rows by one statement."""

# ruff: noqa: S608 - the SQL for the list is what is tried

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import TapFinding
from citizencard.purse.uploads.rows import as_json, insert_new, listed
from citizencard.terminals.models import Terminal


def test_what_is_there_already_stays_and_the_rest_goes_in_in_order(session: Session, now: datetime) -> None:
    """Two equal rows in one upload, or one that is there, are no error: the first one counts."""
    names = ("id", "name", "state", "last_batch", "software", "signed_in_at", "registered_at")
    rows = [
        dict(zip(names, (terminal_id, name, "active", 0, "", None, now), strict=True))
        for terminal_id, name in (("term_b", "first'; --"), ("term_a", "second"), ("term_b", "third"))
    ]
    table = Terminal.__table__
    inserted = insert_new(session, table, rows, "id, name")  # type: ignore[arg-type] # a Table
    assert [tuple(row) for row in inserted] == [("term_b", "first'; --"), ("term_a", "second")]
    assert insert_new(session, table, rows, "id") == []  # type: ignore[arg-type] # a Table
    assert session.get_one(Terminal, "term_b").registered_at == now
    assert insert_new(session, TapFinding.__table__, [], "id") == []  # type: ignore[arg-type] # a Table


def test_lists_travel_as_one_parameter(session: Session) -> None:
    """Five thousand values are one parameter of a statement, as texts or as numbers."""
    numbers = list(range(5_000))
    found = session.execute(
        text(f"SELECT count(*) FROM {listed(session, 'ids', of='bigint')} AS given"), {"ids": as_json(numbers)}
    )
    assert found.scalar_one() == 5_000
    one = session.execute(text(f"SELECT 'a''b' IN {listed(session, 'names')}"), {"names": as_json(["a'b"])})
    assert bool(one.scalar_one())
    with pytest.raises(TypeError):
        as_json([object()])
