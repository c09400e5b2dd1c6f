"""`citizencard keys`: the table of keys, their life (`rotate` to `destroy`), their journal, and the inventory of PSAMs."""

import csv
import itertools
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from citizencard.cli.custodians import (
    RECORD_OPTION,
    ROLE,
    check_terminal,
    desk_of_two,
    open_keys,
    signed_in,
    write_record,
)
from citizencard.cli.start import command_line, open_city
from citizencard.clock import beijing_date, now
from citizencard.custody import journal as entries
from citizencard.custody import psams as modules
from citizencard.custody.flow import Desk, Step, change_state, retire_due
from citizencard.custody.flow import rotate as rotate_keys
from citizencard.custody.holdings import StaleCard, stale_cards
from citizencard.custody.models import PsamAct
from citizencard.db import reading, transaction
from citizencard.keys.hierarchy import CHIP_SET, KEY_KINDS
from citizencard.keys.hsm import KeyRole
from citizencard.keys.vault_file import KeyState
from citizencard.staff.permissions import Permission

SHOWN_CARDS: Final = 200
PSAM_DIGITS: Final = 20
_REASON = click.option("--reason", default="", help="Why; names nobody by number.")


@click.command("table")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def table(*, as_json: bool) -> None:
    """The hierarchy: every kind of key with its names, its type byte on a chip and the factors from root to chip."""
    if as_json:
        rows = [
            {
                "role": str(kind.role), "names": kind.names, "chinese": kind.chinese, "purpose": kind.purpose,
                "algorithm": str(kind.algorithm), "type_byte": kind.type_byte, "factors": list(kind.factors),
                "holders": list(kind.holders), "stored_as": str(kind.stored_as),
            }
            for kind in KEY_KINDS
        ]  # fmt: skip
        click.echo(json.dumps({"keys": rows}, ensure_ascii=False))
        return
    for kind in KEY_KINDS:
        byte = "--" if kind.type_byte is None else f"{kind.type_byte:02X}"
        path = " > ".join(("root", *kind.factors))
        click.echo(f"{kind.role:<24} {byte}  {kind.names:<18} {path:<34} {kind.chinese}: {kind.purpose}")


@click.command("rotate")
@click.argument("role", type=ROLE)
@click.option("--prepare", is_flag=True, help="Make the keys; only new PSAMs get the new purchase root already.")
@RECORD_OPTION
def rotate(role: str, *, prepare: bool, record: Path | None) -> None:
    """Bring a new version of ROLE into use beside the old one; two custodians.

    A chip names one version for all its keys, so a key of chips takes its whole set along. Old cards keep working; restart the servers.
    """
    with desk_of_two() as desk:
        written = rotate_keys(desk, KeyRole(role), prepare=prepare)
    for info in written.keys:
        click.echo(f"{info.key_id:<34} {info.state:<10} {info.check_value.hex().upper()}")
    write_record(written.record, record)


@click.command("activate")
@click.argument("key_id")
@_REASON
@RECORD_OPTION
def activate(key_id: str, reason: str, record: Path | None) -> None:
    """Bring a key into use, or back into use; two custodians."""
    _change(key_id, Step(KeyState.ACTIVE, reason), record)


@click.command("retire")
@click.argument("key_id")
@click.option(
    "--verify-until", type=click.DateTime(["%Y-%m-%d"]), help="It verifies to this day and authorises nothing."
)
@_REASON
@RECORD_OPTION
def retire(key_id: str, verify_until: datetime | None, reason: str, record: Path | None) -> None:
    """Take a key out of use: at once, or with --verify-until for everything but verifying; two custodians."""
    last_day = None if verify_until is None else verify_until.date()
    _change(key_id, Step(KeyState.RETIRING if last_day else KeyState.RETIRED, reason, verify_until=last_day), record)


@click.command("destroy")
@click.argument("key_id")
@click.option("--force", is_flag=True, help="Although chips in use hold it; needs a --reason.")
@_REASON
@RECORD_OPTION
def destroy(key_id: str, reason: str, *, force: bool, record: Path | None) -> None:
    """Destroy a retired key for good; two custodians. Refused while chips in use hold it."""
    _change(key_id, Step(KeyState.DESTROYED, reason, force=force), record)


@click.command("due")
def due() -> None:
    """Take the retiring keys out of use whose last day is over; for a nightly timer, since two people agreed on the day."""
    city, keys = open_keys()
    instant = now()
    desk = Desk(keys, city.sessions, (command_line("keys-due"),), instant)
    for info in retire_due(desk, beijing_date(instant)):
        click.echo(f"{info.key_id}: {info.state}")


@click.command("stale")
@click.argument("role", type=ROLE)
@click.option("--csv", "as_csv", is_flag=True, help="The whole list, for the desks that call people in.")
def stale(role: str, *, as_csv: bool) -> None:
    """Cards in use that hold an older version of ROLE than new cards get; numbers are masked, the id finds the card."""
    if KeyRole(role) not in CHIP_SET:
        raise click.BadParameter(f"cards hold no key of role {role} by version")
    city, keys = open_keys()
    newest = keys.chip_key_versions()[-1]
    with reading(city.sessions) as session:
        cards = stale_cards(session, newest)
        if as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(("card_id", "number", "state", "key_version"))
            for card in cards:
                writer.writerow((card.card_id, card.number, card.state, card.key_version))
            return
        _show(list(itertools.islice(cards, SHOWN_CARDS + 1)), newest)


def _show(cards: list[StaleCard], newest: int) -> None:
    for card in cards[:SHOWN_CARDS]:
        click.echo(f"{card.card_id}  {card.number}  {card.state:<12} version {card.key_version}")
    if len(cards) > SHOWN_CARDS:
        click.echo("and more; --csv gives them all")
    click.echo(f"new cards get version {newest}")


@click.command("journal")
@click.option("--before", type=int, help="Entries older than this number.")
@click.option("--check", is_flag=True, help="Compare it with the keeper; exit status 1 when they differ.")
def journal(*, before: int | None, check: bool) -> None:
    """What was done to the keys, newest first."""
    if check:
        city, keys = open_keys()
        with reading(city.sessions) as session:
            found = entries.differences(session, keys.inventory())
        for sentence in found:
            click.echo(sentence)
        if found:
            sys.exit(1)
        click.echo("the journal and the keeper agree")
        return
    with reading(open_city().sessions) as session:
        for one in entries.page(session, before=before):
            people = ", ".join(one.people)
            at = one.recorded_at.isoformat(timespec="seconds")
            click.echo(
                f"{one.id:>6} {at} {one.act:<10} {one.key_id:<34} {one.state:<10} {one.check_value:<6} {people} {one.reason}"
            )


@click.command("psams")
@click.option("--after", default="", help="Serial after which the page begins.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def psams(*, after: str, as_json: bool) -> None:
    """The inventory of PSAMs: terminal number, terminal, keys, validity, and whose hands each is in; at most 200."""
    begin = _serial(after) if after else None
    with reading(open_city().sessions) as session:
        found = modules.inventory(session, after=begin)
    rows = [
        {
            "serial": one.serial.hex().upper(),
            "terminal_number": one.terminal_number.hex().upper(),
            "state": one.made,
            "valid_until": None if one.valid_until is None else one.valid_until.isoformat(),
            "holds": list(one.holds),
            "bound_to": one.bound_to,
            "custody": one.custody,
            "place": one.place,
        }
        for one in found
    ]
    if as_json:
        click.echo(json.dumps({"psams": rows}))
        return
    for row in rows:
        where = f"{row['bound_to'] or '-':<25} {row['custody'] or '-'} {row['place']}".strip()
        click.echo(
            f"{row['serial']} {row['terminal_number']} {row['state']:<12} {row['valid_until'] or '-':<10} {where}"
        )


@click.command("psam")
@click.argument("serial")
@click.argument("act", type=click.Choice([str(act) for act in PsamAct]))
@click.option("--place", default="", help="Safe, terminal or firm.")
@click.option("--holds", multiple=True, help="Id of a key in a module of another house.")
@_REASON
def psam(serial: str, act: str, place: str, holds: tuple[str, ...], reason: str) -> None:
    """Write down that a PSAM was received, stored, issued, returned, lost or destroyed; a destruction has a witness."""
    number = _serial(serial)
    check_terminal()
    city, keys = open_keys()
    actor = signed_in(city.sessions, keys, "Who moves it", Permission.PSAMS_PERSONALISE)
    witness = (
        signed_in(city.sessions, keys, "Witness", Permission.PSAMS_PERSONALISE) if act == PsamAct.DESTROYED else None
    )
    movement = modules.Movement(number, PsamAct(act), place, holds, reason)
    with transaction(city.sessions) as session:
        modules.move(session, movement, actor, now(), witness)
    click.echo(f"{serial}: {act}")


def _change(key_id: str, step: Step, record: Path | None) -> None:
    with desk_of_two() as desk:
        written = change_state(desk, key_id, step)
    click.echo(f"{key_id}: {written.keys[0].state}; servers see it after their next start")
    write_record(written.record, record)


def _serial(text: str) -> bytes:
    if len(text) != PSAM_DIGITS or not text.isdecimal():
        raise click.BadParameter(f"{text} is not a PSAM's serial of {PSAM_DIGITS} digits")
    return bytes.fromhex(text)


COMMANDS: Final[tuple[click.Command, ...]] = (
    table, rotate, activate, retire, destroy, due, stale, journal, psams, psam,
)  # fmt: skip
"""Of the group `citizencard keys`."""
