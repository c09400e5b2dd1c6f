"""`citizencard bills …`."""

import json
import stat
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from citizencard.billing.models import BillState
from citizencard.db import make_engine, make_sessions
from tests.citizencard.billing.make_bills import Waterworks, file_of, row
from tests.citizencard.cli.run_command import Installation

City = tuple[Installation, Waterworks, Path]


@pytest.fixture
def city(tmp_path: Path, clone_database: Callable[[str], str], now: datetime) -> Iterator[City]:
    """An installation with a water company, and a folder for files."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    yield Installation(tmp_path, url), Waterworks.open(make_sessions(engine), now), tmp_path
    engine.dispose()


def test_file_is_taken_and_its_rejects_written(city: City) -> None:
    """The night's job tells by its exit status whether somebody has to look, and leaves what to look at, for its owner's eyes alone."""
    installation, works, folder = city
    good, mixed, rejects = folder / "good.csv", folder / "mixed.csv", folder / "rejects.csv"
    good.write_bytes(file_of(row("A")))
    mixed.write_bytes(file_of(row("A"), row("B"), row("C", amount_fen=1)))
    done = installation.run("bills", "import", str(good), "--service", works.service_id)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 accepted, 0 known before, 0 rejected" in done.stdout
    done = installation.run(
        "bills", "import", str(mixed), "--service", works.service_id, "--rejects", str(rejects), "--json"
    )
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert (said["accepted"], said["accepted_fen"], said["duplicates"], said["rejected"]) == (1, 4_950, 1, 1)
    lines = rejects.read_text("utf-8-sig").splitlines()
    assert lines[0] == "line,field,reason,raw"
    assert lines[1].startswith("4,amount_fen,amount_differs,")
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600


def test_rejects_without_a_file_are_told(city: City) -> None:
    """Who forgot the file for rejects sees the lines all the same, without what they said."""
    installation, works, folder = city
    mixed = folder / "mixed.csv"
    mixed.write_bytes(file_of(row("C", amount_fen=1), "x"))
    done = installation.run("bills", "import", str(mixed), "--service", works.service_id)
    assert (done.returncode, done.stderr) == (1, "line 2: amount_fen: amount_differs\nline 3: line: field_count\n")


def test_unusable_file_is_status_2(city: City) -> None:
    """A file that is no file of bills is told from one with bad lines, and from a wrong service."""
    installation, works, folder = city
    wrong = folder / "wrong.csv"
    wrong.write_bytes(b"PK\x03\x04")
    done = installation.run("bills", "import", str(wrong), "--service", works.service_id)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("The file cannot be read as bills at all")
    wrong.write_bytes(file_of(row()))
    refused = installation.run("bills", "import", str(wrong), "--service", "utl_x")
    assert (refused.returncode, refused.stderr) == (
        1,
        "Error: There is no such utility service: no such utility service\n",
    )


def test_place_that_cannot_be_written_to_stops_the_import(city: City) -> None:
    """Rejected lines are never lost: nothing is imported when they could not be written."""
    installation, works, folder = city
    good = folder / "good.csv"
    good.write_bytes(file_of(row("A")))
    target = str(folder / "nowhere" / "rejects.csv")
    refused = installation.run("bills", "import", str(good), "--service", works.service_id, "--rejects", target)
    assert refused.returncode == 1
    again = installation.run("bills", "import", str(good), "--service", works.service_id, "--json")
    assert json.loads(again.stdout)["accepted"] == 1


def test_bill_is_taken_back(city: City) -> None:
    """The utility's mistake is not left to be paid."""
    installation, works, _ = city
    bill_id = works.bill()
    done = installation.run("bills", "cancel", "--bill", bill_id, "--reason", "meter of another house")
    assert (done.returncode, done.stdout) == (0, f"{bill_id} is cancelled\n")
    assert works.found().state == BillState.CANCELLED
