"""The parts that backup and restoration are made of."""

import io
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from citizencard.cli.backups import postgresql, sqlite
from citizencard.cli.backups.checking import check_parts
from citizencard.cli.backups.errors import BackupAltered, BackupUnusable, TargetNotEmpty, ToolFailed, ToolMissing
from citizencard.cli.backups.facts import ENCRYPTED, facts_of, open_fields
from citizencard.cli.backups.making import product
from citizencard.cli.backups.manifest import (
    MANIFEST,
    DatabaseManifest,
    Parts,
    VaultManifest,
    find_parts,
    read_manifest,
    write_manifest,
)
from citizencard.cli.backups.progress import Progress
from citizencard.cli.backups.restoring import Target
from citizencard.db import Base, Sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.migrations.state import newest_revision
from ledger.models import PostedTransfer

COMMON: dict[str, Any] = {
    "created": "2026-11-21T00:30:00+00:00",
    "product": "citizencard",
    "size_bytes": 3,
    "sha256": "00",
    "keys": {"tac-01-v01": "0a0b0c"},
    "other_sha256": "01",
}
DATABASE = DatabaseManifest(
    part="database",
    file="city.sqlite",
    kind="sqlite",
    revision="0001_ledger",
    rows={"person": 1},
    transfers=2,
    last_transfer_id=2,
    trial_balance_sha256="02",
    encrypted_fields=3,
    **COMMON,
)
VAULT = VaultManifest(part="vault", file="vault.json", realm="test", city="3302", **COMMON)


@pytest.mark.parametrize("manifest", [DATABASE, VAULT], ids=lambda one: one.part)
def test_manifest_says_the_same_when_it_is_read_again(
    tmp_path: Path, manifest: DatabaseManifest | VaultManifest
) -> None:
    """What the hand that keeps a part reads on it is what was written when it was made; only its owner may read it."""
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path / MANIFEST) == manifest
    assert (tmp_path / MANIFEST).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"part": "else"},
        {"kind": "oracle"},
        {"file": "../../etc/passwd"},
        {"transfers": -1},
        {"transfers": True},
        {"transfers": "2"},
        {"rows": {"person": "1"}},
        {"keys": {"tac-01-v01": 7}},
        {"more": 1},
    ],
    ids=str,
)
def test_manifest_of_something_else_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """A file that came from elsewhere leads to no other file and to no surprise."""
    (tmp_path / MANIFEST).write_text(json.dumps({**DATABASE.to_json(), **change}))
    with pytest.raises(BackupUnusable):
        read_manifest(tmp_path / MANIFEST)


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", "[" * 100_000], ids=range(5))
def test_garbage_is_no_manifest(tmp_path: Path, content: str) -> None:
    """A torn or foreign file ends in one sentence."""
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(BackupUnusable):
        find_parts([tmp_path])


def test_two_databases_are_one_too_many(tmp_path: Path) -> None:
    """Nobody restores one of two by chance."""
    for name in ("monday", "tuesday"):
        (tmp_path / name).mkdir()
        write_manifest(tmp_path / name, DATABASE)
    with pytest.raises(BackupUnusable, match="2 parts with a database"):
        find_parts([tmp_path / "monday", tmp_path / "tuesday"])
    found = find_parts([tmp_path / "monday"])
    assert found.database is not None
    assert found.vault is None


def test_part_without_its_file_is_refused(tmp_path: Path) -> None:
    """A manifest alone is no backup."""
    write_manifest(tmp_path, VAULT)
    found = find_parts([tmp_path])
    with pytest.raises(BackupAltered, match="missing"):
        check_parts(Parts(None, found.vault))


def test_copy_is_one_moment_though_others_write(tmp_path: Path) -> None:
    """While thousands of rows are written in pairs, a copy never holds one of a pair alone, and the writer never waits for it."""
    path = tmp_path / "city.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE pair (number INTEGER, filling BLOB)")
    over, written = threading.Event(), [0]

    def write() -> None:
        writer = sqlite3.connect(path, isolation_level=None)
        while not over.is_set():
            writer.execute("BEGIN IMMEDIATE")
            for _ in range(2):
                writer.execute("INSERT INTO pair VALUES (?, zeroblob(4000))", (written[0],))
            writer.execute("COMMIT")
            written[0] += 1
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    counts = []
    for number in range(5):
        copy = tmp_path / f"copy-{number}"
        sqlite.copy_database(path, copy, Progress(io.StringIO()))
        sqlite.settle(copy)
        looked = sqlite3.connect(copy)
        counts.append(looked.execute("SELECT count(*), count(DISTINCT number) FROM pair").fetchone())
        looked.close()
        assert not copy.with_name(f"{copy.name}-wal").exists()
    over.set()
    thread.join()
    connection.close()
    assert all(rows == 2 * pairs for rows, pairs in counts)
    assert counts[-1][0] > counts[0][0]
    with pytest.raises(TargetNotEmpty):
        sqlite.check_empty(path)


def test_torn_file_is_no_database(tmp_path: Path) -> None:
    """Whatever a digest says, a file that SQLite finds broken is not restored."""
    path = tmp_path / "city.db"
    path.write_bytes(b"SQLite format 3\0" + bytes(4_080))
    with pytest.raises(BackupAltered):
        sqlite.settle(path)


def test_missing_program_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator is told what to install, not that a file was not found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgresql, "DEBIAN", tmp_path)
    with pytest.raises(ToolMissing, match="apt-get install postgresql-client"):
        postgresql.list_dump(tmp_path / "any")


def test_program_that_gives_up_says_why_and_shows_no_password(tmp_path: Path) -> None:
    """A wrong address ends with PostgreSQL's own sentence; the password of the address is not in it."""
    url = "postgresql://citizencard_app:a-secret-password@127.0.0.1:1/nowhere"
    with pytest.raises(ToolFailed, match="pg_dump") as refusal:
        postgresql.dump_database(url, "00000003-0000001B-1", tmp_path / "dump")
    assert "a-secret-password" not in str(refusal.value)


def test_facts_are_those_of_the_database(sessions: Sessions, vault: SoftwareVault) -> None:
    """Every table is counted, an empty city as well, and nothing encrypted is there to be opened."""
    with sessions() as session:
        connection = session.connection()
        facts = facts_of(connection)
        assert facts.revision == newest_revision()
        assert facts.rows.keys() >= set(Base.metadata.tables)
        assert facts.transfers == session.scalar(select(func.count()).select_from(PostedTransfer))
        assert open_fields(connection, vault) == 0


def test_encrypted_columns_exist() -> None:
    """What the vault is tried on is what there is."""
    for table, columns in ENCRYPTED:
        assert {"id", *columns} <= set(Base.metadata.tables[table].columns.keys())


def test_progress_is_for_people_only() -> None:
    """A terminal sees steps and shares; a timer's log stays empty."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    log, terminal = io.StringIO(), Terminal()
    for stream in (log, terminal):
        progress = Progress(stream)
        progress.step("vault")
        progress.share(1, 2)
        progress.share(2, 2)
    assert log.getvalue() == ""
    assert terminal.getvalue() == "vault …\n   50 %\r  100 %\n"


def test_backup_names_the_program_that_made_it() -> None:
    """Years later somebody must know what to read it with."""
    assert product().startswith("citizencard ")


def test_target_shows_no_password_by_accident(tmp_path: Path) -> None:
    """An address with a password does not come into a log by way of a repr."""
    target = Target("postgresql://u:a-secret-password@h/d", tmp_path / "v", tmp_path / "p")
    assert "a-secret-password" not in repr(target)
