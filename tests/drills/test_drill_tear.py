"""The drill of tears at reduced size, in every run of the tests."""

from collections.abc import Callable
from pathlib import Path

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.conftest import DRILL_SIZE
from tests.drills.drill_tear import REDUCED, run


def test_torn_cards_lose_and_make_no_fen(
    sessions: Sessions, vault: SoftwareVault, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Wherever a card is torn in making, loading or riding, chip, terminal, shadow and books agree afterwards."""
    result = run(sessions, vault, tmp_path, REDUCED)
    record_property(DRILL_SIZE, str(result))
    assert all(result.played.values())
    assert result.differences == []
