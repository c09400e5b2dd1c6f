"""Backups are taken while taps arrive; then everything is wiped, restored from the two parts, and the city lives on.

Each round: a backup under load, the city destroyed, restored into empty places by the product's own commands, and looked at: books
proved, trial balance as backed up, nothing missing that was acknowledged before the backup began. Then the batches since are sent
again, which somebody must have kept: every chip equals its shadow. A load and a ride with the old cards and the restored keys end the
round, and the next one begins on the restored city. On the way an altered byte and another city's vault are refused.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import make_url, select

from citizencard.cli.backups.manifest import digest_of
from citizencard.db import Sessions, make_engine, make_sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.migrations.grants import APP, MIGRATOR
from ledger.models import PostedTransfer
from tests.citizencard.cli.run_command import PASSPHRASE, Installation
from tests.citizencard.keys.make_vault import random_vault
from tests.citizencard.purse.loads.make_loads import chip_balance
from tests.empty_places import drop_database, new_database
from tests.journeys.databases import both_databases
from tests.journeys.world import ADULT, SOON, World

NOW: Final = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
Done = TypeVar("Done")
TAPS_A_BATCH: Final = 3
FIRST_BATCHES: Final = 3
FULL_CHIP_FEN: Final = 90_000
AFTERWARDS_FEN: Final = 500


@dataclass(frozen=True, slots=True)
class Size:
    """How much: so many rounds of backup, wipe and restoration."""

    rounds: int


FULL: Final = Size(rounds=12)
REDUCED: Final = Size(rounds=1)


@dataclass
class Result:
    """What a run found: what was counted, and each difference in words."""

    counted: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.counted.items())
        return f"{counts}; {len(self.differences)} differences"

    def add(self, name: str, count: int) -> None:
        """Count something."""
        self.counted[name] = self.counted.get(name, 0) + count


class Traffic:
    """A bus that is tapped and uploads without a pause, and keeps every batch that it sent.

    Args:
        world: nobody else touches it meanwhile.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.batches: list[bytes] = []
        self.acknowledged = 0

    def during(self, work: Callable[[], Done]) -> Done:
        """Tap and upload until the work, which goes on beside it, is done."""
        with ThreadPoolExecutor(1) as beside:
            future = beside.submit(work)
            while not future.done():
                self.one_batch()
            return future.result()

    def one_batch(self) -> None:
        """A few taps and their upload."""
        world, bus = self._world, self._world.bus1
        rider = world.riders[0]
        for _ in range(TAPS_A_BATCH):
            world.pass_time(SOON)
            world.tap(bus, rider)
        batch = bus.batch(world.now)
        if batch is None:
            return
        self.batches.append(batch.data)
        self.acknowledged += sum(one.verdict == "accepted" for one in world.upload(bus))


class Town:
    """A living city that can be destroyed and restored.

    Args:
        url: its database, for the role of the app.
        folder: for vault, backups and the memories of the validators.
        result: what is found goes there.
    """

    def __init__(self, url: str, folder: Path, result: Result) -> None:
        self.folder = folder
        self.result = result
        self.home = Installation(folder, url)
        self.vault = random_vault(folder, name="vault.json")
        self.engine = make_engine(url)
        self.world = World.found(make_sessions(self.engine), self.vault, folder, NOW)
        self.world.resident(ADULT)

    def round(self, number: int) -> None:
        """Backup under load, wipe, restoration, and what must be the case afterwards."""
        rider = self.world.riders[0]
        self.world.load(rider, FULL_CHIP_FEN - chip_balance(rider.chip))
        traffic = Traffic(self.world)
        for _ in range(FIRST_BATCHES):
            traffic.one_batch()
        before = _references(self.world.sessions)
        backup = self.folder / f"backup-{number}"
        made = traffic.during(lambda: self.home.run("backup", "create", "--to", str(backup)))
        at_the_end = _references(self.world.sessions)
        self.result.add("backups under load", 1)
        self.result.add("taps acknowledged", traffic.acknowledged)
        self._demand(made.returncode == 0, f"backup: {made.stderr}")
        self._wipe()
        if number == 1:
            self._refusals(backup)
        place = self._empty_place(number)
        self._restore(backup, place)
        restored = _references(self.world.sessions)
        self.result.add("transfers acknowledged before a backup", len(before))
        self.result.add("transfers restored", len(restored))
        self.result.add("transfers after a backup's snapshot, sent again", len(at_the_end - restored))
        self._demand(
            before <= restored, f"{len(before - restored)} transfers that were acknowledged before are missing"
        )
        self._demand(restored <= at_the_end, "transfers appeared from nowhere")
        self._live_on(traffic.batches)

    def _refusals(self, backup: Path) -> None:
        """One altered byte; the vault of another city."""
        altered = shutil.copytree(backup, self.folder / "altered")
        dump = next(path for path in (altered / "database").iterdir() if path.suffix != ".json")
        raw = bytearray(dump.read_bytes())
        raw[len(raw) // 2] ^= 0x10
        dump.write_bytes(raw)
        self._refused(altered, "altered")
        (self.folder / "elsewhere").mkdir()
        random_vault(self.folder / "elsewhere", name="vault.json")
        foreign = shutil.copytree(backup, self.folder / "foreign")
        other = shutil.copy(self.folder / "elsewhere" / "vault.json", foreign / "vault" / "vault.json")
        _rewrite_manifest(foreign / "vault", Path(other))
        self._refused(foreign, "vault is not the one")

    def _refused(self, backup: Path, why: str) -> None:
        place = self._empty_place(0)
        done = self._restoration(backup, place)
        self.result.add("refused", 1)
        self._demand(
            done[0] == 1 and why in done[1] and done[1].count("\n") == 1, f"not refused as {why}: {done[0]} {done[1]}"
        )
        self._drop(place)

    def _wipe(self) -> None:
        """Database and vault are gone."""
        self.engine.dispose()
        self._drop(self.home.environ["CITIZENCARD_DATABASE_URL"])
        self.home.vault_file.unlink()

    def _drop(self, url: str) -> None:
        if url.startswith("postgresql"):
            drop_database(url)
            return
        path = Path(make_url(url).database or "")
        for piece in path.parent.glob(f"{path.name}*"):
            piece.unlink()

    def _empty_place(self, number: int) -> str:
        """Address of an empty database for its owner."""
        url = make_url(self.home.environ["CITIZENCARD_DATABASE_URL"])
        if url.get_backend_name() == "sqlite":
            return f"sqlite:///{self.folder / f'restored-{number}.db'}"
        return new_database(url.port or 0, f"{str(url.database)[:40]}_{number}")

    def _restoration(self, backup: Path, url: str) -> tuple[int, str]:
        done = self.home.run(
            "backup", "restore", str(backup), "--database", url, "--vault-file", str(self.home.vault_file)
        )
        return done.returncode, done.stderr or done.stdout

    def _restore(self, backup: Path, url: str) -> None:
        """By the product's command; the city goes on with what came back."""
        began = time.monotonic()
        code, said = self._restoration(backup, url)
        self.result.add("milliseconds of restoring", round((time.monotonic() - began) * 1000))
        self._demand(code == 0 and "the books are proved" in said, f"restore: {code} {said}")
        served = url.replace(f"{MIGRATOR}@", f"{APP}@")
        self.home.environ["CITIZENCARD_DATABASE_URL"] = served
        proved = self.home.run("ledger", "prove")
        self._demand(proved.returncode == 0, f"prove: {proved.stdout}")
        self.vault = SoftwareVault.open(self.home.vault_file, PASSPHRASE, "test")
        self.engine = make_engine(served)
        sessions = make_sessions(self.engine)
        counter = replace(self.world.counter, sessions=sessions, hsm=self.vault)
        self.world = replace(self.world, sessions=sessions, hsm=self.vault, counter=counter)

    def _live_on(self, batches: list[bytes]) -> None:
        """The bus sends again what it keeps; then a load and a ride, and everything agrees."""
        world, rider = self.world, self.world.riders[0]
        for batch in batches:
            world.take(world.bus1, batch)
        self.result.differences += world.differences()
        world.pass_time(SOON)
        world.load(rider, AFTERWARDS_FEN)
        world.pass_time(SOON)
        self._demand(world.tap(world.bus1, rider).is_green, "the card does not ride after the restoration")
        verdicts = [one.verdict for one in world.upload(world.bus1)]
        self._demand(verdicts == ["accepted"], f"the ride after the restoration: {verdicts}")
        self.result.differences += world.differences()

    def _demand(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.result.differences.append(otherwise)

    def close(self) -> None:
        """Close what is open."""
        self.world.close()
        self.engine.dispose()


def _rewrite_manifest(part: Path, file: Path) -> None:
    """A manifest that is right for an exchanged vault file, as a forger would write it."""
    sealed = json.loads(file.read_text())
    manifest = json.loads((part / "manifest.json").read_text())
    manifest |= {
        "sha256": digest_of(file),
        "size_bytes": file.stat().st_size,
        "keys": {key["id"]: key["check_value"] for key in sealed["keys"]},
    }
    (part / "manifest.json").write_text(json.dumps(manifest))


def _references(sessions: Sessions) -> set[str]:
    with reading(sessions) as session:
        return set(session.scalars(select(PostedTransfer.reference)))


def run(url: str, folder: Path, size: Size) -> Result:
    """Found a city in an empty database and play the rounds.

    Args:
        url: an empty database at the newest revision, for the role of the app; it will not outlive the run.
        folder: an empty folder.
        size: how much.
    """
    result = Result()
    town = Town(url, folder, result)
    for number in range(1, size.rounds + 1):
        town.round(number)
    town.close()
    return result


def run_full() -> bool:
    """The drill at full size on both databases; prints its counts."""
    clean = True
    with both_databases() as urls:
        for name, url in urls.items():
            with tempfile.TemporaryDirectory() as folder:
                began = time.monotonic()
                result = run(url, Path(folder), FULL)
                print(f"{name}: {result}, {time.monotonic() - began:.0f} s")
                for difference in result.differences:
                    print(f"  {difference}")
                clean = clean and not result.differences
    return clean
