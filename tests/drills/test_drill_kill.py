"""The kill drill at reduced size, in every run of the tests."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import DRILL_SIZE
from tests.drills.drill_kill import REDUCED, run


def test_killed_server_loses_and_doubles_nothing(
    database: str,
    clone_database: Callable[[str], str],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Whatever moment the server dies at, the city ends the day with the same balances."""
    url = clone_database(database) if database == "postgresql" else None
    result = run(url, tmp_path, REDUCED)
    record_property(DRILL_SIZE, f"{result.days} day, {result.kills} kills; {len(result.differences)} differences")
    assert result.kills > 0
    assert result.differences == []
