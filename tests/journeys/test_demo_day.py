"""The main job, as a newcomer runs it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.exported import assert_programs_agree
from tests.postgres import free_port

ROOT = Path(__file__).parent.parent.parent
DAY_TIMEOUT_S = 180


def play(url: str | None, folder: Path) -> subprocess.CompletedProcess[str]:
    database = ["--database", url] if url else []
    return subprocess.run(
        [sys.executable, "-m", "demo", "--once", "--port", str(free_port()), "--folder", str(folder), *database],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DAY_TIMEOUT_S,
        check=False,
    )


@pytest.fixture
def url(database: str, clone_database: Callable[[str], str]) -> str | None:
    """The city's database; None: the one that the demo makes in its folder."""
    return clone_database(database) if database == "postgresql" else None


@pytest.fixture
def city(url: str | None, tmp_path: Path) -> Callable[[], str]:
    """Play a day and return its story; the same city each time."""

    def one_day() -> str:
        done = play(url, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return one_day


def test_a_city_lives_two_days_and_proves_its_books(city: Callable[[], str], url: str | None, tmp_path: Path) -> None:
    """One command issues cards, takes rides offline, refuses the forgery, settles and proves; and again on the same database."""
    first = city()
    for told in (
        "¥1.80",
        "¥0.80",
        "rejected (bad_tac)",
        "suspicious (hotlisted)",
        "all duplicates",
        "bus26 signs out: its totals are the server's",
        "bus5 signs out: its totals are the server's",
        "the gate resends the same exit: approved, paid once",
        "refused (bad_proof)",
        "refused (reversed_before)",
        "amount_fen,amount_differs",
        "18 t",
        "¥49.50",
        "Nothing was charged.",
        "the same signed bytes again: 200 booked before",
        "with another amount: 400 webhook_forged",
        "the clerk approves it alone: 403",
        "the supervisor approves it: succeeded",
        "the bill is paid from the account",
        "capped at ¥3.00 a day",
        "transport_fund pays",
        "¥1.40",
        "the books are proved",
        "0 differences",
    ):
        assert told in first, f"{told!r} is not in the story:\n{first}"
    assert "the books are proved" in city()
    assert_programs_agree(url or f"sqlite:///{tmp_path}/sqlite/city.db", tmp_path)
    for path in tmp_path.rglob("*.json"):
        assert path.stat().st_mode & 0o077 == 0, f"{path.name} can be read by others"
