"""`citizencard keys ceremony`, `component`, `export`, `import`, `shares`, `recover`: what custodians do together at one terminal."""

import os
from pathlib import Path
from typing import Final

import click

from citizencard.audit import Actor
from citizencard.cli.custodians import (
    CLEAR,
    RECORD_OPTION,
    ROLE,
    check_terminal,
    desk_of_two,
    gather,
    open_keys,
    signed_in,
    write_record,
)
from citizencard.cli.start import City
from citizencard.clock import now
from citizencard.config import Settings
from citizencard.custody.flow import Desk, export_key, import_key, keep_ceremony, note_keeper
from citizencard.custody.models import KeyAct
from citizencard.db import Sessions
from citizencard.keys import ceremony as ceremonies
from citizencard.keys.derivation import algorithm_of
from citizencard.keys.errors import CeremonyOver, CustodianRepeated, KeyNotExportable, ShareMalformed
from citizencard.keys.hardening import harden_process
from citizencard.keys.hsm import KeyRole
from citizencard.keys.keystore import KeyStore
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.shares import MAX_SHARES, Share, parse_share
from citizencard.keys.start import open_vault, open_vault_file
from citizencard.keys.transport import MAX_FILE_BYTES, parse_transfer
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.wrapping import read_passphrase_file

TRIES: Final = 3
TRANSPORT: Final = "transport-key"
"""In the place of a role: a key that wraps others on their way, and is kept nowhere."""

_COMPONENTS = click.option(
    "--components", type=click.IntRange(ceremonies.MIN_PEOPLE, ceremonies.MAX_PEOPLE), default=2, show_default=True
)
_PARITY = click.option(
    "--parity", type=click.Choice(["odd", "none"]), default="odd", show_default=True, help="Of a DES component's bytes."
)


@click.command("component")
@click.argument("role", type=click.Choice([*ROLE.choices, TRANSPORT]))
def component(role: str) -> None:
    """Draw one component and show it once with its check value, for a sealed envelope; it is stored nowhere.

    Each custodian runs it alone, at a terminal that nobody else sees, and writes it down by hand.
    """
    check_terminal()
    keys = open_vault(Settings.from_env(os.environ))
    drawn = ceremonies.new_component(_algorithm(role), keys.random)
    digits = drawn.reveal().hex().upper()
    click.echo(f"component of {role}: {' '.join(digits[at : at + 4] for at in range(0, len(digits), 4))}")
    click.echo(f"check value: {drawn.check_value.hex().upper()}")
    click.prompt("Press Enter when it is written down; the screen is cleared", default="", show_default=False)
    click.echo(CLEAR, nl=False)


@click.command("ceremony")
@click.argument("role", type=ROLE)
@_COMPONENTS
@_PARITY
@RECORD_OPTION
def ceremony(role: str, components: int, parity: str, record: Path | None) -> None:
    """Put a key together from components that 2 or 3 people type, and keep it as the next version of ROLE, not in use yet.

    `keys rotate ROLE` or `keys activate KEY_ID` brings it into use. An abort (Ctrl-C) leaves nothing.
    """
    check_terminal()
    city, keys = open_keys()
    asked = KeyRole(role)
    with ceremonies.Ceremony(asked, algorithm_of(asked), keys.realm, components) as held:
        people = gather(city.sessions, keys, held, parity=parity == "odd")
        _confirm(held.key(), f"the key of role {role}")
        written = keep_ceremony(Desk(keys, city.sessions, people, now()), asked, held)
    click.echo(f"{written.keys[0].key_id}: {written.keys[0].state}")
    write_record(written.record, record)


@click.command("export")
@click.argument("key_id")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A new file.")
@_COMPONENTS
@RECORD_OPTION
def export(key_id: str, out: Path, components: int, record: Path | None) -> None:
    """Write a key to a file under a transport key, whose components 2 or 3 people type; for another house of the same realm."""
    check_terminal()
    city, keys = open_keys()
    transport, people = _transport_key(city, keys, components)
    transfer, written = export_key(Desk(keys, city.sessions, people, now()), key_id, transport)
    with out.open("x", encoding="ascii") as file:
        file.write(transfer.to_json())
    click.echo(f"{out}: {key_id} under the transport key {transport.check_value.hex().upper()}")
    write_record(written.record, record)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--role", type=ROLE, required=True, help="What the key must be for.")
@_COMPONENTS
@RECORD_OPTION
def import_(file: Path, role: str, components: int, record: Path | None) -> None:
    """Take a key over from a file under a transport key, as the next version of its role, not in use yet; each file once."""
    check_terminal()
    with file.open("rb") as opened:
        transfer = parse_transfer(opened.read(MAX_FILE_BYTES + 1))
    city, keys = open_keys()
    transport, people = _transport_key(city, keys, components)
    written = import_key(Desk(keys, city.sessions, people, now()), transfer, transport, KeyRole(role))
    info = written.keys[0]
    click.echo(f"{info.key_id}: {info.state}, check value {info.check_value.hex().upper()}")
    write_record(written.record, record)


@click.command("shares")
@click.option("--split", "numbers", default="2/3", show_default=True, help="How many bring it back, of how many.")
@RECORD_OPTION
def shares(numbers: str, record: Path | None) -> None:
    """Split the key of the vault file into backup shares, and show each to another custodian, once.

    With the vault's backup, any 2 of 3 bring the keys back when the passphrase is lost; one alone tells nothing.
    """
    threshold, count = _numbers(numbers)
    check_terminal()
    with desk_of_two() as desk:
        if not isinstance(desk.keys, SoftwareVault):
            raise KeyNotExportable(
                "the keys are in a token, which is copied with its maker's tools: there is nothing to split"
            )
        made = desk.keys.shared(threshold, count)
        holders = _hand_out(desk.sessions, desk.keys, made)
        lines = (
            ("set", made[0].set_id.hex().upper()),
            ("needed", f"{threshold} of {count}"),
            ("check value", made[0].check_value.hex().upper()),
            *((f"share {number}", person) for number, person in enumerate(holders, start=1)),
        )
        written = note_keeper(desk, KeyAct.SHARES, lines)
    write_record(written.record, record)


@click.command("recover")
def recover() -> None:
    """Open the vault file that the settings name by backup shares, and put it under the passphrase of the passphrase file.

    Bring the vault back from its backup first and write a new passphrase file. Needs no database.
    """
    check_terminal()
    harden_process()
    settings = Settings.from_env(os.environ)
    if settings.token is not None:
        open_vault_file(settings)
    passphrase = read_passphrase_file(settings.vault_passphrase_file)
    typed: list[Share] = []
    while not typed or len(typed) < typed[0].threshold:
        typed.append(_typed_share(len(typed) + 1))
    vault = SoftwareVault.recover(settings.vault_file, typed, passphrase)
    click.echo(f"{settings.vault_file}: {len(vault.inventory())} keys, realm {vault.realm}, under the new passphrase")
    click.echo("Split the key anew (`citizencard keys shares`): these shares have been seen.")


def _algorithm(role: str) -> KeyAlgorithm:
    return KeyAlgorithm.AES_256 if role == TRANSPORT else algorithm_of(KeyRole(role))


def _transport_key(city: City, keys: KeyStore, components: int) -> tuple[SecretKey, tuple[Actor, ...]]:
    with ceremonies.Ceremony(None, KeyAlgorithm.AES_256, keys.realm, components) as held:
        people = gather(city.sessions, keys, held, parity=False)
        key = held.key()
        _confirm(key, "the transport key")
        return key, people


def _confirm(key: SecretKey, name: str) -> None:
    click.echo(f"Check value of {name}: {key.check_value.hex().upper()}")
    if not click.confirm("Is it the one on the paper?"):
        raise CeremonyOver("the custodians said no; nothing was kept")


def _numbers(text: str) -> tuple[int, int]:
    threshold, _, count = text.partition("/")
    if not (threshold.isdecimal() and count.isdecimal() and 2 <= int(threshold) <= int(count) <= MAX_SHARES):  # noqa: PLR2004 - one share alone must tell nothing
        raise click.BadParameter(f"{text} is not like 2/3, with at most {MAX_SHARES} shares")
    return int(threshold), int(count)


def _hand_out(sessions: Sessions, keys: KeyStore, made: tuple[Share, ...]) -> list[str]:
    """Show each share to another person."""
    holders: list[str] = []
    for share in made:
        actor = signed_in(sessions, keys, f"Holder of share {share.number} of {share.count}")
        person = actor.person_id or actor.id
        if person in holders:
            raise CustodianRepeated("this person holds a share already")
        click.echo(f"share {share.number}: {share.to_text()}")
        click.prompt("Press Enter when it is written down; the screen is cleared", default="", show_default=False)
        click.echo(CLEAR, nl=False)
        holders.append(person)
    return holders


def _typed_share(number: int) -> Share:
    for left in reversed(range(TRIES)):
        try:
            return parse_share(click.prompt(f"share {number} (not shown)", hide_input=True))
        except ShareMalformed as refusal:
            if not left:
                raise
            click.echo(f"  {refusal}; type it again")
    raise ShareMalformed("no share was typed")


COMMANDS: Final[tuple[click.Command, ...]] = (component, ceremony, export, import_, shares, recover)
"""Of the group `citizencard keys`."""
