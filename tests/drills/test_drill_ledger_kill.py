"""The drill of killed servers and databases at reduced size, in every run of the tests."""

from collections.abc import Callable

from tests.conftest import DRILL_SIZE
from tests.drills.drill_ledger_kill import REDUCED, mortal_database, run


def test_nothing_acknowledged_is_lost(record_property: Callable[[str, object], None]) -> None:
    """Whatever is killed, each posting that was acknowledged is in the books once, and what nobody knows can be asked again."""
    with mortal_database() as (cluster, url):
        findings, described = run(url, cluster, REDUCED["PostgreSQL"])
    record_property(DRILL_SIZE, f"PostgreSQL: {described}")
    assert findings.differences == []
    assert findings.counts["acknowledged posts"]


def test_nothing_acknowledged_is_lost_in_a_file(
    clone_database: Callable[[str], str], record_property: Callable[[str, object], None]
) -> None:
    """The same in a shop that keeps its books in SQLite."""
    findings, described = run(clone_database("sqlite"), None, REDUCED["SQLite"])
    record_property(DRILL_SIZE, f"SQLite: {described}")
    assert findings.differences == []
    assert findings.counts["acknowledged posts"]
