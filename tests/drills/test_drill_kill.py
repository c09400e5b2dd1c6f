"""The kill drill at reduced size, in every run of the tests."""

from collections.abc import Callable
from pathlib import Path

from tests.drills.drill_kill import run


def test_killed_server_loses_and_doubles_nothing(
    database: str, clone_database: Callable[[str], str], tmp_path: Path
) -> None:
    """Whatever moment the server dies at, the city ends the day with the same balances."""
    url = clone_database(database) if database == "postgresql" else None
    result = run(url, tmp_path, days=1, seed=7)
    print(f"{result.days} day, {result.kills} kills")
    assert result.kills > 0
    assert result.differences == []
