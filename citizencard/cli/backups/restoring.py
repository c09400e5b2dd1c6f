"""The way back: parts checked, both places empty, database filled, counted and proved, encrypted rows opened, vault put in place.

An SQLite database and the vault appear under their names only when everything was found right. A PostgreSQL database is filled in one
transaction; when it is found wrong afterwards, the refusal says so, and the database is to be dropped.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, make_url

from citizencard import audit
from citizencard.audit import Actor
from citizencard.cli.backups import postgresql, sqlite
from citizencard.cli.backups.checking import check_parts
from citizencard.cli.backups.errors import BackupUnusable, BooksDiffer, TargetNotEmpty, VaultForeign
from citizencard.cli.backups.facts import check_values, open_fields, rows_of, trial_balance_digest
from citizencard.cli.backups.manifest import DatabaseManifest, Part, Parts, VaultManifest, create_private
from citizencard.cli.backups.progress import Progress
from citizencard.db import check_durability, make_engine, make_sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.wrapping import read_passphrase_file
from citizencard.migrations import upgrade
from citizencard.settlement.flow import prove_books


@dataclass(frozen=True, slots=True)
class Target:
    """Where a city is restored to.

    Args:
        database_url: an empty PostgreSQL database, or an SQLite file that does not exist.
        vault_file: a file that does not exist, in a folder that does.
        passphrase_file: with the passphrase of the vault; it is not in the backup.
        together: demand that the two parts were made together.
    """

    database_url: str = field(repr=False)
    vault_file: Path
    passphrase_file: Path
    together: bool = True


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: transfers and accounts that were proved, and how many encrypted values were opened."""

    transfers: int
    accounts: int
    encrypted_fields: int


def restore_backup(parts: Parts, target: Target, actor: Actor, now: datetime, progress: Progress) -> Restored:
    """Restore a city into empty places, and prove it.

    Raises:
        BackupUnusable: a part is missing, or of the other kind of database.
        BackupAltered, BackupTooNew, PartsApart, VaultForeign: see `check_parts`; nothing was touched.
        TargetNotEmpty: there is something already; nothing was touched.
        WrongPassphrase, VaultTampered: the vault cannot be opened; nothing was touched.
        ToolMissing, ToolFailed: of PostgreSQL's programs.
        BooksDiffer: rows, trial balance or proof are not as they must be.
    """
    database, vault_part = parts.database, parts.vault
    if database is None or vault_part is None:
        missing = DatabaseManifest.NAME if database is None else VaultManifest.NAME
        raise BackupUnusable(f"the part with the {missing} is missing: a city is restored from both")
    kind = make_url(target.database_url).get_backend_name()
    if kind != database.manifest.kind:
        raise BackupUnusable(f"a backup of {database.manifest.kind} is restored into {database.manifest.kind}")
    progress.step("checking both parts")
    check_parts(parts, together=target.together)
    _check_places(target, kind)
    with _vault_copy(vault_part, target) as copy:
        progress.step("opening the vault")
        vault = SoftwareVault.open(copy, read_passphrase_file(target.passphrase_file))
        if not database.manifest.keys.items() <= check_values(vault).items():
            raise VaultForeign("its keys are not those that the database needs")
        progress.step(f"filling the database ({kind})")
        work = _Work(database, vault, actor, now, progress)
        restored = (_fill_sqlite if kind == "sqlite" else _fill_postgresql)(work, target)
        _give_name(copy, target.vault_file)
    return restored


@dataclass(frozen=True, slots=True)
class _Work:
    part: Part[DatabaseManifest]
    vault: SoftwareVault
    actor: Actor
    now: datetime
    progress: Progress


def _check_places(target: Target, kind: str) -> None:
    if target.vault_file.exists():
        raise TargetNotEmpty(f"{target.vault_file} exists; a vault is never overwritten")
    if kind == "sqlite":
        sqlite.check_empty(sqlite.path_of(target.database_url))
        return
    engine = make_engine(target.database_url)
    with engine.connect() as connection:
        postgresql.check_empty(connection)
    engine.dispose()


@contextmanager
def _vault_copy(part: Part[VaultManifest], target: Target) -> Iterator[Path]:
    """The vault beside its place, under a hidden name, for its owner only."""
    with tempfile.TemporaryDirectory(dir=target.vault_file.parent, prefix=".restore.") as folder:
        copy = Path(folder) / target.vault_file.name
        _copy_private(part.file, copy)
        yield copy


def _fill_sqlite(work: _Work, target: Target) -> Restored:
    """In a hidden folder; the file gets its name when it is proved."""
    place = sqlite.path_of(target.database_url)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".restore.") as folder:
        copy = Path(folder) / place.name
        _copy_private(work.part.file, copy)
        sqlite.settle(copy)
        engine = make_engine(f"sqlite:///{copy}")
        try:
            restored = _prove(engine, engine, work)
        finally:
            engine.dispose()
        sqlite.settle(copy)
        _give_name(copy, place)
    return restored


def _fill_postgresql(work: _Work, target: Target) -> Restored:
    engine, owning = make_engine(target.database_url), make_engine(target.database_url)
    try:
        owner = postgresql.ready_roles(engine)
        if owner is not None:
            postgresql.act_as(owning, owner)
        postgresql.restore_database(target.database_url, work.part.file, owner)
        return _prove(engine, owning, work)
    except (BooksDiffer, VaultForeign) as fault:
        raise type(fault)(f"{fault}; the database was filled and must be dropped") from None
    finally:
        engine.dispose()
        owning.dispose()


def _prove(engine: Engine, owning: Engine, work: _Work) -> Restored:
    """Count, bring up to date with rights given anew, compare the books, prove them, open encrypted rows, write it down."""
    manifest, progress = work.part.manifest, work.progress
    with engine.connect() as connection:
        found = rows_of(connection)
    if found != manifest.rows:
        tables = sorted(
            name for name in found.keys() | manifest.rows.keys() if found.get(name) != manifest.rows.get(name)
        )
        raise BooksDiffer(f"another number of rows in {', '.join(tables[:5])}")
    progress.step("bringing it up to date")
    upgrade(owning)
    engine.dispose()
    check_durability(engine)
    progress.step("proving the books")
    with engine.connect() as connection:
        if trial_balance_digest(connection) != manifest.trial_balance_sha256:
            raise BooksDiffer("the trial balance is another one")
        opened = open_fields(connection, work.vault)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        audit.record(session, work.actor, "database.restore", manifest.sha256, now=work.now)
    proof = prove_books(sessions, work.now)
    if not proof.proved:
        raise BooksDiffer(f"the books are not proved: {proof.differences[0]}")
    return Restored(proof.transfers, proof.accounts, opened)


def _copy_private(source: Path, copy: Path) -> None:
    with source.open("rb") as original, os.fdopen(create_private(copy), "wb") as file:
        shutil.copyfileobj(original, file)
        file.flush()
        os.fsync(file.fileno())


def _give_name(copy: Path, place: Path) -> None:
    """Let the finished file appear under its name, over nothing.

    Raises:
        TargetNotEmpty: somebody put a file there meanwhile.
    """
    try:
        os.link(copy, place)
    except FileExistsError:
        raise TargetNotEmpty(f"{place} exists; nothing is overwritten") from None
    descriptor = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
