"""`citizencard backup …`: database and vault as two parts for two hands, made while the city works, checked, and restored."""

from pathlib import Path
from typing import Final

import click

from citizencard import audit
from citizencard.cli.backups.checking import check_parts
from citizencard.cli.backups.making import Places, Source, make_backup
from citizencard.cli.backups.manifest import DatabaseManifest, Part, VaultManifest, find_parts
from citizencard.cli.backups.progress import Progress
from citizencard.cli.backups.restoring import Target, restore_backup
from citizencard.cli.start import command_line, open_city
from citizencard.clock import now
from citizencard.db import transaction
from citizencard.keys.hardening import harden_process
from citizencard.keys.start import open_vault_file

FOLDER: Final = click.Path(path_type=Path, file_okay=False)
FILE: Final = click.Path(path_type=Path, dir_okay=False)
THIRD_HAND: Final = "the vault's passphrase is in neither part: keep it in a third place"


@click.group()
def backup() -> None:
    """Backups of database and vault, in two parts that may go to two hands. The vault's passphrase is in neither."""


@backup.command("create")
@click.option("--to", type=FOLDER, help="A new folder for both parts: FOLDER/database and FOLDER/vault.")
@click.option("--database-to", type=FOLDER, help="A new folder for the database's part.")
@click.option("--vault-to", type=FOLDER, help="A new folder for the vault's part.")
def create(to: Path | None, database_to: Path | None, vault_to: Path | None) -> None:
    """Back up the city while it works: one snapshot of the database, then the vault.

    On PostgreSQL `pg_dump` must be here, no older than the server. Whoever holds the database's part holds every row of it.
    """
    database, vault = database_to or (to and to / "database"), vault_to or (to and to / "vault")
    if database is None or vault is None:
        raise click.UsageError("say where to: --to FOLDER, or --database-to and --vault-to")
    if database.absolute() == vault.absolute():
        raise click.UsageError("the two parts need two folders")
    city = open_city()
    opened = open_vault_file(city.settings)
    with transaction(city.sessions) as session:
        audit.record(session, command_line("backup create"), "database.backup", "database", now=now())
    source = Source(city.settings.database_url, city.engine, city.settings.vault_file, opened)
    for part in make_backup(source, Places(database, vault), now(), Progress()):
        click.echo(_told(part))
    click.echo(THIRD_HAND)


@backup.command("check")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--apart", is_flag=True, help="The two parts were made at different times.")
def check(folders: tuple[Path, ...], *, apart: bool) -> None:
    """Look at the parts in FOLDERS: whole, unaltered, of a version that this program reads, made together."""
    parts = find_parts(folders)
    check_parts(parts, together=not apart)
    for part in (parts.database, parts.vault):
        if part is not None:
            click.echo(_told(part))
    if parts.database is None or parts.vault is None:
        click.echo("only one part was looked at: a city is restored from both, and from the passphrase")


@backup.command("restore")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--database",
    "database_url",
    envvar="CITIZENCARD_DATABASE_URL",
    required=True,
    help="Address of an empty PostgreSQL database, as its owner, or of an SQLite file that does not exist.",
)
@click.option(
    "--vault-file",
    type=FILE,
    envvar="CITIZENCARD_VAULT_FILE",
    required=True,
    help="A file that does not exist, for the vault.",
)
@click.option(
    "--passphrase-file",
    type=FILE,
    envvar="CITIZENCARD_VAULT_PASSPHRASE_FILE",
    required=True,
    help="File of mode 0600 with the vault's passphrase.",
)
@click.option("--apart", is_flag=True, help="The two parts were made at different times: the keys alone decide.")
def restore(
    folders: tuple[Path, ...], database_url: str, vault_file: Path, passphrase_file: Path, *, apart: bool
) -> None:
    """Restore a city from the parts in FOLDERS into empty places; ends with the proof of the books.

    Each option is taken from the settings if it is not given.
    """
    harden_process()
    target = Target(database_url, vault_file, passphrase_file, together=not apart)
    restored = restore_backup(find_parts(folders), target, command_line("backup restore"), now(), Progress())
    click.echo(
        f"{restored.transfers} transfers, {restored.accounts} accounts, trial balance as backed up: the books are proved"
    )
    click.echo(f"{vault_file} opens what is encrypted: {restored.encrypted_fields} values tried")


def _told(part: Part[DatabaseManifest] | Part[VaultManifest]) -> str:
    manifest = part.manifest
    return f"{manifest.part}: {part.folder} ({manifest.size_bytes} bytes, {manifest.created}, sha256 {manifest.sha256})"
