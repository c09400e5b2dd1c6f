"""The drill of restoration at reduced size, in every run of the tests."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import DRILL_SIZE
from tests.drills.drill_restore import REDUCED, run


def test_city_that_was_wiped_lives_on_from_its_backup(
    database: str,
    clone_database: Callable[[str], str],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Backed up under load, destroyed, restored: books proved, nothing acknowledged before is lost, cards load and ride."""
    result = run(clone_database(database), tmp_path, REDUCED)
    record_property(DRILL_SIZE, str(result))
    assert result.differences == []
    assert result.counted["taps acknowledged"] > 0
    assert result.counted["refused"] == 2
