"""The drill of the ledger's races at reduced size, in every run of the tests."""

from collections.abc import Callable

from tests.conftest import DRILL_SIZE
from tests.drills.drill_ledger_races import REDUCED, run


def test_no_race_is_won_twice(
    database: str, clone_database: Callable[[str], str], record_property: Callable[[str, object], None]
) -> None:
    """However many come at once, money is paid once, days close cleanly, and every balance read is a true one."""
    findings = run(clone_database(database), REDUCED[database])
    record_property(DRILL_SIZE, f"{database}: {findings}")
    assert findings.differences == []
