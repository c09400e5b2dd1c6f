"""The drill of uploads under kills at reduced size, in every run of the tests."""

from collections.abc import Callable

from tests.conftest import DRILL_SIZE
from tests.drills.drill_ledger_kill import mortal_database
from tests.drills.drill_uploads_kill import REDUCED, run


def test_no_tap_is_lost_or_paid_twice(record_property: Callable[[str, object], None]) -> None:
    """Whatever is killed while validators upload, each tap with a verdict is in the books once, and no other one is."""
    with mortal_database() as (cluster, url):
        found = run(url, cluster, REDUCED["PostgreSQL"])
    record_property(DRILL_SIZE, f"PostgreSQL: {found}")
    assert found.differences == []
    assert found.counts["acknowledged taps"]


def test_no_tap_is_lost_or_paid_twice_in_a_file(
    clone_database: Callable[[str], str], record_property: Callable[[str, object], None]
) -> None:
    """The same in a town that keeps its books in SQLite."""
    found = run(clone_database("sqlite"), None, REDUCED["SQLite"])
    record_property(DRILL_SIZE, f"SQLite: {found}")
    assert found.differences == []
    assert found.counts["acknowledged taps"]
