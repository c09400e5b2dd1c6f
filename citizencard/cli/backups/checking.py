"""Looking at a backup without restoring it: whole, unaltered, of a version that this program reads, both parts made together."""

import shutil
import tempfile
from pathlib import Path

from alembic.script import ScriptDirectory

from citizencard.cli.backups import postgresql, sqlite
from citizencard.cli.backups.errors import (
    BackupAltered,
    BackupTooNew,
    BackupUnusable,
    PartsApart,
    ToolFailed,
    VaultForeign,
)
from citizencard.cli.backups.manifest import DatabaseManifest, Part, Parts, VaultManifest, check_file
from citizencard.keys import vault_file
from citizencard.keys.errors import VaultMalformed
from citizencard.migrations import configuration


def check_parts(parts: Parts, *, together: bool = True) -> None:
    """Look at what there is of a backup.

    Args:
        parts: one of them or both.
        together: demand that two parts name each other; without it they may be of different nights, and only the keys are compared.

    Raises:
        BackupAltered: a file is not the one its manifest was written for.
        BackupTooNew: this program does not know the revision.
        PartsApart: the parts do not name each other.
        VaultForeign: the vault lacks a key that the database's part names, or has another one of that name.
    """
    if parts.database is not None:
        check_database(parts.database)
    if parts.vault is not None:
        check_vault(parts.vault)
    if parts.database is not None and parts.vault is not None:
        _compare(parts.database.manifest, parts.vault.manifest, together=together)


def check_database(part: Part[DatabaseManifest]) -> None:
    """One part alone; see `check_parts`."""
    known = {revision.revision for revision in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if part.manifest.revision not in known:
        raise BackupTooNew(f"its database is at {part.manifest.revision}, which this program does not know")
    check_file(part)
    if part.manifest.kind == "sqlite":
        with tempfile.TemporaryDirectory(dir=part.folder.parent, prefix=".check.") as folder:
            copy = Path(folder) / part.file.name
            shutil.copyfile(part.file, copy)
            sqlite.settle(copy)
        return
    try:
        postgresql.list_dump(part.file)
    except ToolFailed as fault:
        raise BackupAltered(f"{part.file.name} is no dump: {fault}") from None


def check_vault(part: Part[VaultManifest]) -> None:
    """One part alone; see `check_parts`. No passphrase is needed."""
    check_file(part)
    try:
        content = vault_file.read(part.file)
    except VaultMalformed:
        raise BackupUnusable(f"{part.file} is not a key vault that this program reads") from None
    found = {key.info.key_id: key.info.check_value.hex() for key in content.keys if key.ciphertext}
    if found != part.manifest.keys or (content.realm, content.city) != (part.manifest.realm, part.manifest.city):
        raise BackupAltered(f"{part.file} does not hold the keys that its manifest names")


def _compare(database: DatabaseManifest, vault: VaultManifest, *, together: bool) -> None:
    missing = sorted(name for name, value in database.keys.items() if vault.keys.get(name) != value)
    if missing:
        raise VaultForeign(f"{len(missing)} of the {len(database.keys)} keys that the database needs are other ones")
    if together and (database.other_sha256, vault.other_sha256) != (vault.sha256, database.sha256):
        raise PartsApart("one of them was exchanged or altered, or they are of different nights")
