"""`citizencard keys …`: make the vault, see what is in it, and play the card maker in the test realm."""

import json
import os
from pathlib import Path
from typing import Any, Final

import click

from citizencard.cli import keys_ceremony, keys_custody
from citizencard.config import Settings
from citizencard.errors import CitizencardError
from citizencard.keys.errors import RealmRefused
from citizencard.keys.hsm import CHIP_SERIAL_BYTES
from citizencard.keys.start import create_vault as make_keys
from citizencard.keys.start import open_vault
from citizencard.keys.vault_file import KeyState

MAX_BLANKS: Final = 10_000


class RefusingGroup(click.Group):
    """A command group whose refusals are one line and exit status 1, not a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Carry out the command; a refusal of ours is told to the caller."""
        try:
            return super().invoke(ctx)
        except CitizencardError as refusal:
            raise click.ClickException(f"{refusal.title}: {refusal}") from None


@click.group(cls=RefusingGroup)
def keys() -> None:
    """The city's key vault."""


for command in (*keys_ceremony.COMMANDS, *keys_custody.COMMANDS):
    keys.add_command(command)


@keys.command("create-vault")
@click.option("--realm", type=click.Choice(["test", "production"]), required=True, help="What the keys are for.")
@click.option(
    "--refuse-keys-of",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="A vault file of the test realm; none of its keys gets into a production vault.",
)
@click.option("--without-tac", is_flag=True, help="The centre keeps the TAC master and verifies TACs (City Union).")
def create_vault(realm: str, refuse_keys_of: tuple[Path, ...], *, without_tac: bool) -> None:
    """Make random keys of every role where the settings say: in a new vault file, or in an empty token (CITIZENCARD_HSM=pkcs11).

    The passphrase, or the token's PIN, is read from the file that the settings name; it must have mode 0600.
    """
    settings = Settings.from_env(os.environ)
    if realm != settings.realm:
        raise RealmRefused(f"the settings are of the realm {settings.realm}, not {realm}")
    vault = make_keys(settings, refuse_keys_of)
    if without_tac:
        for state in (KeyState.RETIRED, KeyState.DESTROYED):
            vault.set_state("tac-01-v01", state)
    place = settings.token.label if settings.token else settings.vault_file
    click.echo(f"{place}: {len(vault.inventory())} keys, realm {vault.realm}")


@keys.command("add-missing")
def add_missing() -> None:
    """Draw a key of every role that this vault does not know yet, after an upgrade; the keys that are there stay as they are.

    Run again, it changes nothing. Servers that are running see the new keys after their next start. Back the vault up afterwards.
    """
    added = open_vault(Settings.from_env(os.environ)).add_missing()
    for info in added:
        click.echo(f"{info.key_id}: new, check value {info.check_value.hex().upper()}")
    if not added:
        click.echo("no role is missing; nothing was changed")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_keys(*, as_json: bool) -> None:
    """List keys by role, version, state and check value; never a key."""
    rows = [
        {
            "id": info.key_id,
            "role": str(info.role),
            "version": info.version,
            "index": info.index,
            "algorithm": str(info.algorithm),
            "state": str(info.state),
            "check_value": info.check_value.hex().upper(),
            "realm": info.realm,
        }
        for info in open_vault(Settings.from_env(os.environ)).inventory()
    ]
    if as_json:
        click.echo(json.dumps({"keys": rows}))
        return
    click.echo(f"{'id':<34} {'version':>7} {'algorithm':<13} {'state':<10} check value")
    for row in rows:
        click.echo(
            f"{row['id']:<34} {row['version']:>7} {row['algorithm']:<13} {row['state']:<10} {row['check_value']}"
        )


@keys.command("make-blank-transport-keys")
@click.argument("chip_serials", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A new file; it gets mode 0600.",
)
def make_blank_transport_keys(chip_serials: tuple[str, ...], out: Path) -> None:
    """Write the transport keys of blanks to a file, as a card maker would know them; test realm only.

    CHIP_SERIALS: 16 hexadecimal digits each.
    """
    serials = [_chip_serial(text) for text in chip_serials]
    if len(serials) > MAX_BLANKS:
        raise click.BadParameter(f"at most {MAX_BLANKS} at once")
    vault = open_vault(Settings.from_env(os.environ))
    blanks = [
        {"chip_serial": serial.hex().upper(), "transport_key": vault.blank_transport_key(serial).hex().upper()}
        for serial in serials
    ]
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{out} exists already") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump({"realm": vault.realm, "blanks": blanks}, file)
        file.write("\n")
    click.echo(f"{out}: transport keys of {len(blanks)} blanks")


def _chip_serial(text: str) -> bytes:
    try:
        serial = bytes.fromhex(text)
    except ValueError:
        serial = b""
    if len(serial) != CHIP_SERIAL_BYTES or len(text) != 2 * CHIP_SERIAL_BYTES:
        raise click.BadParameter(f"{text} is not a chip serial of {2 * CHIP_SERIAL_BYTES} hexadecimal digits")
    return serial
