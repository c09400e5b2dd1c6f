"""Bad batch files over HTTP: each kind gets the answer that the protocol's page publishes, and never a fen."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from api import create_app
from citizencard.config import Settings
from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.batches import MAX_FILE_BYTES
from citizencard.purse.uploads.models import TapRecord, UploadBatch
from tests.api.doors import shared_doors
from tests.api.signing import SigningDevice
from tests.api.world import Clock, ok, problem
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.purse.uploads.bad_files import BAD_FILES, Bad, Ground
from tests.citizencard.purse.uploads.make_records import City, file_of, make_city
from tests.citizencard.staff.make_staff import CHEAP

PAGE = Path(__file__).parents[2] / "hardware" / "terminal" / "PROTOCOL.md"
HEADING = "### Bad files and records"


@pytest.fixture(scope="module")
def known_vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters, under which the test's cards sign."""
    return regression_vault(tmp_path_factory.mktemp("vault"))


@dataclass(frozen=True, slots=True)
class Scene:
    """A city behind HTTP and its first bus, which sends.

    Args:
        sessions: the database.
        city: what is registered.
        clock: of city and bus.
        client: the application.
    """

    sessions: Sessions
    city: City
    clock: Clock
    client: FlaskClient

    def send(self, bad: Bad) -> tuple[bytes, TestResponse]:
        """Make the bad file, and let the bus upload it."""
        raw = bad.make(Ground(self.city, self.clock()))
        self.clock.advance(bad.late)
        bus = self.city.bus1
        device = SigningDevice(self.client, bus.number.hex().upper(), self.clock(), bus.key)
        answer = device.upload(raw)
        self.clock.advance(-bad.late)
        return raw, answer

    def rows(self) -> int:
        """Records that were ever judged."""
        with reading(self.sessions) as session:
            return session.scalars(select(func.count(TapRecord.id))).one()

    def kept(self, raw: bytes) -> list[str]:
        """Under which outcomes these bytes are kept."""
        with reading(self.sessions) as session:
            uploads = session.scalars(select(UploadBatch).where(UploadBatch.raw == raw[: MAX_FILE_BYTES + 1]))
            return [upload.outcome for upload in uploads]


@pytest.fixture
def scene(sessions: Sessions, known_vault: SoftwareVault, tmp_path: Path, now: datetime) -> Scene:
    """The small city of the uploads."""
    settings = Settings("sqlite:///unused", tmp_path / "vault", tmp_path / "passphrase", "test")
    clock = Clock(now)
    app = create_app(settings, known_vault, sessions, now=clock, passwords=CHEAP, doors=shared_doors)
    return Scene(sessions, make_city(sessions, now), clock, app.test_client())


def test_each_bad_file_gets_its_documented_answer_and_no_money(scene: Scene) -> None:
    """Whatever is wrong with a file, its maker is told exactly what, nothing of it is booked, and the bytes are kept as evidence."""
    nothing = scene.city.balances(scene.sessions)
    for bad in (one for one in BAD_FILES if one.status != 200):
        rows = scene.rows()
        raw, answer = scene.send(bad)
        problem(answer, bad.status, bad.says)
        assert scene.rows() == rows, bad.what
        assert scene.city.balances(scene.sessions) == nothing, bad.what
        assert scene.kept(raw) == ([bad.says] if bad.is_kept else []), bad.what


def test_each_bad_record_gets_its_documented_verdict(scene: Scene) -> None:
    """A record that cannot be believed costs nobody a fen and keeps no other one back; a good TAC at a wrong time waits for a person."""
    for bad in (one for one in BAD_FILES if one.status == 200):
        before = scene.city.balances(scene.sessions)
        raw, answer = scene.send(bad)
        receipt = ok(answer)
        first, *others = receipt["verdicts"]
        assert f"{first['verdict']} {first['reason']}" == bad.says, bad.what
        assert [other["verdict"] for other in others] == ["accepted"] * len(others), bad.what
        assert sum(receipt["counts"].values()) == len(receipt["verdicts"]), bad.what
        assert scene.kept(raw) == ["taken"], bad.what
        after = scene.city.balances(scene.sessions)
        moved = {code for code in after if after[code] != before[code]}
        assert not any(code.startswith("merchant:") and code.endswith(":clearing") for code in moved), bad.what
        paid = [code for code in moved if code.startswith("purse:")]
        assert len(paid) == (1 if first["verdict"] == "suspicious" else 0), bad.what


def test_a_file_without_records_is_taken(scene: Scene) -> None:
    """A device may say that it has nothing: the receipt is empty, and no error."""
    bus = scene.city.bus1
    device = SigningDevice(scene.client, bus.number.hex().upper(), scene.clock(), bus.key)
    assert ok(device.upload(file_of(bus, [])))["verdicts"] == []


def test_the_page_lists_every_kind() -> None:
    """A vendor finds each fault that we try on the page, with the same answer and the same duty."""
    section = PAGE.read_text(encoding="utf-8").split(HEADING)[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (\d{3}) \| `(.+?)` \| `(\w+)` \|$", section, re.MULTILINE)
    assert [(what, int(status), says, must) for what, status, says, must in rows] == [
        (bad.what, bad.status, bad.says, bad.must) for bad in BAD_FILES
    ]
    assert len(BAD_FILES) >= 24
    assert timedelta(0) < max(bad.late for bad in BAD_FILES)
