"""The night's work."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from citizencard.cli import main, nightly
from citizencard.cli.nightly import Shelves, clear, jobs, next_night
from citizencard.clock import beijing_date, now
from citizencard.db import make_engine, make_sessions, reading, transaction
from ledger import open_day, open_first_day
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.keys.make_vault import random_vault


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-11-21T16:29:59+00:00", "2026-11-21T16:30:00+00:00"),
        ("2026-11-21T16:30:00+00:00", "2026-11-22T16:30:00+00:00"),
        ("2026-12-31T17:00:00+00:00", "2027-01-01T16:30:00+00:00"),
    ],
)
def test_night_comes_once_a_day_by_beijings_clock(instant: str, expected: str) -> None:
    """Half past midnight in Beijing is 16:30 UTC of the day before; a night that has begun does not begin again."""
    hour = datetime(2000, 1, 1, 0, 30, tzinfo=UTC)
    assert next_night(datetime.fromisoformat(instant), hour) == datetime.fromisoformat(expected)


def test_night_leaves_closed_days_a_backup_and_a_proof(
    tmp_path: Path, database: str, clone_database: Callable[[str], str]
) -> None:
    """A city that was away for two nights: both days closed, today open, a backup that can be used, the books proved."""
    url = clone_database(database)
    engine = make_engine(url)
    today = beijing_date(now())
    with transaction(make_sessions(engine)) as session:
        open_first_day(session, today - timedelta(days=2), now=now())
    engine.dispose()
    random_vault(tmp_path, name="vault.json")
    home = Installation(tmp_path, url)
    shelves = tmp_path / "database", tmp_path / "vault"
    done = home.run("nightly", "--once", "--database-to", str(shelves[0]), "--vault-to", str(shelves[1]))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("is closed") == 2
    assert "the books are proved" in done.stdout
    order = ("day close", "ledger seal", "backup create", "ledger prove")
    places = [
        done.stdout.rindex(f"UTC: {job}") if job == "day close" else done.stdout.index(f"UTC: {job}") for job in order
    ]
    assert places == sorted(places), "the head is in the folder and the seals are in the backup before the proof"
    assert home.run("day", "open").stdout.strip() == str(today)
    made = [next(shelf.iterdir()) for shelf in shelves]
    assert made[0].name == made[1].name
    assert home.run("backup", "check", *map(str, made)).returncode == 0


def test_job_that_fails_is_told_and_stops_no_other(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """Without its vault there is no backup; the books are proved all the same, and the timer sees that something was wrong."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as session:
        open_first_day(session, beijing_date(now()), now=now())
    engine.dispose()
    home = Installation(tmp_path, url)
    done = home.run("nightly", "--once", "--database-to", str(tmp_path / "a"), "--vault-to", str(tmp_path / "b"))
    assert done.returncode == 1
    assert "backup create: exit status 1" in done.stderr
    assert "the books are proved" in done.stdout


def test_every_job_is_a_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The night calls nothing that is not there; payments only where there is a provider."""
    shelves = Shelves(tmp_path, tmp_path, 1)
    monkeypatch.delenv("STRIPE_SECRET_KEY_FILE", raising=False)
    assert ("payments", "sweep") not in list(jobs(shelves, "x"))
    assert ("keys", "due") in list(jobs(shelves, "x"))
    monkeypatch.setenv("STRIPE_SECRET_KEY_FILE", "any")
    for arguments in jobs(shelves, "x"):
        found: click.Command = main
        rest = list(arguments)
        while isinstance(found, click.Group):
            found = found.commands[rest.pop(0)]
        found.make_context("nightly", rest).close()


def test_night_goes_on_where_another_one_has_closed_the_day(
    tmp_path: Path, clone_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two timers by mistake, at the same moment: each day is closed once and none too early, and neither night fails for it."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    sessions = make_sessions(engine)
    today = beijing_date(now())
    with transaction(sessions) as session:
        open_first_day(session, today - timedelta(days=1), now=now())
    for name, value in Installation(tmp_path, url).environ.items():
        monkeypatch.setenv(name, value)
    run = nightly.run
    outcomes: list[bool] = []

    def run_by_both(*arguments: str) -> bool:
        outcomes.extend(run(*arguments) for _ in range(2))
        return outcomes[-1]

    monkeypatch.setattr(nightly, "run", run_by_both)
    assert nightly.close_days()
    assert outcomes == [True, False]
    with reading(sessions) as session:
        assert open_day(session) == today
    engine.dispose()


def test_shelf_that_cannot_be_cleared_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that refuses does not end the timer: the next night is worked as well."""
    monkeypatch.setattr(nightly, "close_days", lambda: True)
    monkeypatch.setattr(nightly, "jobs", lambda *_: ())
    blocked = tmp_path / "2026-11-01T163000Z"
    (blocked / "manifest.json").parent.mkdir()
    (blocked / "manifest.json").write_text("{}")
    (tmp_path / "2026-11-02T163000Z").mkdir()
    (tmp_path / "2026-11-02T163000Z" / "manifest.json").write_text("{}")

    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    assert not nightly.work(Shelves(tmp_path, tmp_path, 1))
    assert "Permission denied" in capsys.readouterr().err


def test_only_the_oldest_backups_of_ours_are_removed(tmp_path: Path) -> None:
    """The disk does not fill up, and nothing that somebody else put there is lost."""
    for day in range(1, 6):
        folder = tmp_path / f"2026-11-0{day}T163000Z"
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps({}))
    (tmp_path / "2026-10-01T163000Z").mkdir()
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "manifest.json").write_text("{}")
    clear(tmp_path, 2)
    assert {path.name for path in tmp_path.iterdir()} == {
        "2026-11-04T163000Z",
        "2026-11-05T163000Z",
        "2026-10-01T163000Z",
        "holiday",
    }


def test_hour_that_is_none_is_wrong_use() -> None:
    """A slip of the pen does not make a night that never comes."""
    used = CliRunner().invoke(main, ["nightly", "--at", "25:00", "--database-to", "a", "--vault-to", "b"])
    assert used.exit_code == 2
