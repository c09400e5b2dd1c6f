"""The drill of reversals at reduced size, in every run of the tests."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from citizencard.db import Sessions
from tests.citizencard.keys.make_vault import regression_vault
from tests.conftest import DRILL_SIZE
from tests.drills.drill_reversals import REDUCED, run


def test_reversals_and_copies_move_no_fen(
    committed: Sessions, now: datetime, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Whether a reversal or its purchase comes first, and however often a purchase arrives at once: never both, never neither."""
    result = run(committed, regression_vault(tmp_path), now, REDUCED)
    record_property(DRILL_SIZE, str(result))
    assert all(result.tried.values())
    assert result.differences == []
