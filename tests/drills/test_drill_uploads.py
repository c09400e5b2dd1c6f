"""The drill of uploads at reduced size, in every run of the tests."""

from collections.abc import Callable
from pathlib import Path

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import regression_vault
from tests.conftest import DRILL_SIZE
from tests.drills.drill_uploads import REDUCED, run, run_races
from tests.drills.uploads_day import REDUCED_DAY, great_day


def test_nobody_gets_a_fen_more(
    sessions: Sessions, vault: SoftwareVault, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Whatever is flipped, forged, doubled, split, mixed up or played back, every account holds what the honest day gave it."""
    result = run(sessions, vault, tmp_path, REDUCED)
    record_property(DRILL_SIZE, str(result))
    assert all(result.tried.values())
    assert result.differences == []


def test_twenty_at_once_book_once(
    committed: Sessions, vault: SoftwareVault, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """A batch that arrives twenty times at the same moment is booked once, and all twenty are told so."""
    result = run_races(committed, vault, tmp_path, REDUCED)
    record_property(DRILL_SIZE, str(result))
    assert result.tried
    assert result.differences == []


def test_a_day_may_come_in_anyhow(
    sessions: Sessions, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """However a day's records come in, all balances and findings are the same in the end; forged and replayed ones are never paid."""
    found = great_day(sessions, regression_vault(tmp_path), tmp_path, REDUCED_DAY)
    record_property(DRILL_SIZE, str(found))
    assert found.counts["forged or replayed records"]
    assert found.counts["forged or replayed records paid"] == 0
    assert found.differences == []
