"""`citizencard tariff simulate`."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from citizencard.clock import beijing_date
from citizencard.db import make_engine, make_sessions
from citizencard.purse.uploads.flow import take_batch
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.purse.uploads.make_records import SPONSOR, file_of, make_city, tap
from tests.citizencard.settlement.day_of_taps import dearer_line_1, tariff_with


@pytest.fixture
def installation(tmp_path: Path, clone_database: Callable[[str], str], now: datetime) -> Iterator[Installation]:
    """A city with one ride of today."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    sessions = make_sessions(engine)
    vault = regression_vault(tmp_path)
    city = make_city(sessions, now)
    take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [tap(city.bus1, city.adult, now, 180)]), now)
    yield Installation(tmp_path, url)
    engine.dispose()


def test_what_if_is_told_in_a_table_and_as_data(installation: Installation, tmp_path: Path, now: datetime) -> None:
    """Before the council decides, the desk reads what a fare of 2.50 brings in, and where; a program reads the same figures."""
    file, day = tmp_path / "dearer.json", beijing_date(now).isoformat()
    file.write_text(json.dumps(dearer_line_1()))
    done = installation.run("tariff", "simulate", "--tariff", str(file), "--from", day, "--to", day)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["line", "1", "1", "1.80", "2.25", "0.45", "1", "0", "0"] in rows
    assert [SPONSOR, "0.20", "0.25", "0.05"] in rows
    assert f"class 01, {day} 08:30:00: 1.80 -> 2.25" in done.stdout
    done = installation.run("tariff", "simulate", "--tariff", str(file), "--from", day, "--json")
    assert json.loads(done.stdout)["total"] == {
        "taps": 1,
        "before_fen": 180,
        "after_fen": 225,
        "dearer": 1,
        "cheaper": 0,
        "unchanged": 0,
    }


def test_what_cannot_be_asked_is_refused_in_a_sentence(
    installation: Installation, tmp_path: Path, now: datetime
) -> None:
    """A tariff without the line says so for each tap; a file with mistakes, or days the wrong way round, are refused."""
    file, day = tmp_path / "t.json", beijing_date(now).isoformat()
    file.write_text(json.dumps(tariff_with(lines={"7": {"mode": "bus", "fare": {"flat": "1.00"}}})))
    done = installation.run("tariff", "simulate", "--tariff", str(file), "--from", day)
    assert "no price, transit.lines.1: 1" in done.stdout
    done = installation.run("tariff", "simulate", "--tariff", str(file), "--from", day, "--to", "2020-01-01")
    assert done.returncode == 1
    assert "1 to 366 days" in done.stderr
    file.write_text("{}")
    done = installation.run("tariff", "simulate", "--tariff", str(file))
    assert done.returncode == 1
    assert "mistakes" in done.stderr
