"""Making a backup of a living city: first the database as one snapshot, then the vault, then a manifest beside each.

In this order the vault holds every key that the snapshot needs. A part is put together in a hidden folder and gets its name when it is
whole. The passphrase is in neither part.
"""

import contextlib
import importlib.metadata
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from citizencard.cli.backups import postgresql, sqlite
from citizencard.cli.backups.errors import BackupExists, VaultForeign
from citizencard.cli.backups.facts import Facts, check_values, facts_of, open_fields
from citizencard.cli.backups.manifest import (
    DATABASE_FILES,
    VAULT_FILE,
    DatabaseManifest,
    Manifest,
    Part,
    VaultManifest,
    create_private,
    digest_of,
    write_manifest,
)
from citizencard.cli.backups.progress import Progress
from citizencard.db import make_engine
from citizencard.keys import vault_file
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.wrapping import read_private_file

PRODUCT: Final = "citizencard"
PRIVATE_FOLDER: Final = 0o700


@dataclass(frozen=True, slots=True)
class Source:
    """The city that is backed up.

    Args:
        database_url: its database, at the newest revision.
        engine: connected to it.
        vault_file: the vault's file.
        vault: the same, opened, to see that it belongs to the database.
    """

    database_url: str = field(repr=False)
    engine: Engine
    vault_file: Path
    vault: SoftwareVault


@dataclass(frozen=True, slots=True)
class Places:
    """Where the two parts go: folders that do not exist yet, or are empty. Their parents exist."""

    database: Path
    vault: Path


def make_backup(
    source: Source, places: Places, now: datetime, progress: Progress
) -> tuple[Part[DatabaseManifest], Part[VaultManifest]]:
    """Back up database and vault.

    Args:
        source: the city.
        places: for the parts.
        now: the instant to write into the manifests.
        progress: who is told.

    Raises:
        BackupExists: something is at one of the places.
        VaultForeign: this vault does not open what is encrypted in this database: no backup of the two would be worth anything.
        ToolMissing, ToolFailed: of PostgreSQL's programs.
    """
    for place in (places.database, places.vault):
        _check_free(place)
    with _growing(places.database) as database, _growing(places.vault) as vault:
        kind = source.engine.dialect.name
        dump, sealed = database / DATABASE_FILES[kind], vault / VAULT_FILE
        progress.step(f"database ({kind})")
        facts, opened = (_dump_sqlite if kind == "sqlite" else _dump_postgresql)(source, dump, progress)
        progress.step("vault")
        common: dict[str, Any] = {
            "created": now.astimezone(UTC).isoformat(timespec="seconds"),
            "product": product(),
            "keys": _copy_vault(source, sealed),
        }
        of_database, of_vault = _of_file(dump), _of_file(sealed)
        about_database = DatabaseManifest(
            part=DatabaseManifest.NAME,
            kind=kind,
            encrypted_fields=opened,
            other_sha256=of_vault["sha256"],
            **of_database,
            **asdict(facts),
            **common,
        )
        about_vault = VaultManifest(
            part=VaultManifest.NAME,
            realm=source.vault.realm,
            city=source.vault.city,
            other_sha256=of_database["sha256"],
            **of_vault,
            **common,
        )
        _finish(vault, places.vault, about_vault)
        _finish(database, places.database, about_database)
    return Part(places.database, about_database), Part(places.vault, about_vault)


def product() -> str:
    """Name and version of this program; a checkout that was never installed reads its own project file."""
    try:
        return f"{PRODUCT} {importlib.metadata.version(PRODUCT)}"
    except importlib.metadata.PackageNotFoundError:
        project = Path(__file__).parents[3] / "pyproject.toml"
        return f"{PRODUCT} {tomllib.loads(project.read_text())['project']['version']}" if project.exists() else PRODUCT


def _dump_sqlite(source: Source, target: Path, progress: Progress) -> tuple[Facts, int]:
    """Copy, then count in the copy: it is the snapshot."""
    sqlite.copy_database(sqlite.path_of(source.database_url), target, progress)
    engine = make_engine(f"sqlite:///{target}")
    with engine.connect() as connection:
        found = facts_of(connection), open_fields(connection, source.vault)
    engine.dispose()
    sqlite.settle(target)
    return found


def _dump_postgresql(source: Source, target: Path, _progress: Progress) -> tuple[Facts, int]:
    """Count and dump in one exported snapshot."""
    bound = source.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with bound.connect() as connection:
        snapshot = postgresql.export_snapshot(connection)
        postgresql.dump_database(source.database_url, snapshot, target)
        return facts_of(connection), open_fields(connection, source.vault)


def _copy_vault(source: Source, target: Path) -> dict[str, str]:
    """Copy the vault's file and return the check values of the copy: those of the opened vault or more, if a version was just added.

    Raises:
        VaultForeign: somebody put another vault in its place meanwhile.
    """
    raw = read_private_file(source.vault_file, vault_file.MAX_FILE_BYTES)
    with os.fdopen(create_private(target), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    copied = {key.info.key_id: key.info.check_value.hex() for key in vault_file.read(target).keys if key.ciphertext}
    if not check_values(source.vault).items() <= copied.items():
        raise VaultForeign(f"{source.vault_file} was exchanged while the backup was made")
    return copied


def _of_file(path: Path) -> dict[str, Any]:
    return {"file": path.name, "size_bytes": path.stat().st_size, "sha256": digest_of(path)}


def _check_free(place: Path) -> None:
    if place.is_symlink() or (place.exists() and not (place.is_dir() and not any(place.iterdir()))):
        raise BackupExists(f"{place} exists; name a new folder")


@contextlib.contextmanager
def _growing(place: Path) -> Iterator[Path]:
    """A hidden folder beside the place, mode 0700; nothing is left of it when the part does not come about."""
    place.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _finish(folder: Path, place: Path, manifest: Manifest) -> None:
    write_manifest(folder, manifest)
    _sync(folder)
    folder.rename(place)
    _sync(place.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
