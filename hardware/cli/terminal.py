"""`citizencard-terminal`: run a simulated bus validator from its folder."""

import sys
from datetime import datetime
from pathlib import Path

import click

from hardware.cli.endings import REFUSED, one_sentence, yuan
from hardware.cli.fare_table import table
from hardware.cli.memory import hide_memory
from hardware.cli.online_terminal import online
from hardware.cli.values import Instant, Octets
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.terminal.device import Device
from hardware.terminal.validator import ValidatorSettings

AT = click.option("--at", type=Instant(), help="The validator's clock; the computer's when left out.")


@click.group()
@click.option(
    "--device",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of the terminal.",
)
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """Run a simulated bus validator.

    Exit code of every command: 0 done (a tap: green), 1 refused (a tap: red), 3 a file cannot be used, 4 try again later.
    """
    context.obj = folder


@main.command("set-up")
@click.option("--server", required=True, help="Base address of the server.")
@click.option("--terminal-number", type=Octets(6), required=True)
@click.option("--psam-serial", type=Octets(10), required=True)
@click.option("--line", type=click.IntRange(1, 65_535), required=True)
@click.pass_obj
def set_up(folder: Path, server: str, terminal_number: bytes, psam_serial: bytes, line: int) -> None:
    """Make a new terminal in the folder: settings and device key. Its PSAM image goes beside them as psam.json."""
    with one_sentence():
        Device.create(folder, ValidatorSettings(terminal_number, psam_serial, line), server)
        with Device(folder) as device:
            click.echo(f"terminal {terminal_number.hex()} is set up; public key {device.public_key_hex}")


@main.command()
@click.argument("code")
@click.option("--new-key", is_flag=True, help="Bring a new key in place of the one the server knows.")
@click.pass_obj
def enrol(folder: Path, code: str, *, new_key: bool) -> None:
    """Make the terminal known to the server with its one-time CODE."""
    with one_sentence(), Device(folder) as device:
        device.enrol(code, with_new_key=new_key)
        click.echo("enrolled")


@main.command("change-key")
@click.pass_obj
def change_key(folder: Path) -> None:
    """Make a new device key, signed for by the old one. Interrupted, it is finished by the next call."""
    with one_sentence(), Device(folder) as device:
        device.change_key()
        click.echo(f"the public key is {device.public_key_hex} from now on")


@main.command("sign-in")
@click.pass_obj
def sign_in(folder: Path) -> None:
    """Start a shift: fetch what is new of fares and hotlist."""
    with one_sentence(), Device(folder) as device:
        signed_in = device.sign_in()
        click.echo(
            f"signed in: fares version {signed_in.parameter_version}, hotlist version {signed_in.hotlist_version}"
        )


@main.command()
@click.option("--faults", default="", help="What is broken, in words; at most 200 characters.")
@click.pass_obj
def heartbeat(folder: Path, faults: str) -> None:
    """Say how the terminal is, and do what the server asks for."""
    with one_sentence(), Device(folder) as device:
        orders = device.heartbeat(faults)
        asked = [*(f"fetched {name}" for name in orders.fetch)]
        asked += ["upload now"] if orders.upload_now else []
        asked += ["change the key"] if orders.rotate_key else []
        asked += [f"records {gap.first} to {gap.last} are missing" for gap in orders.gaps]
        versions = device.lists.versions(device.clock.now())
        click.echo(
            f"fares version {versions.parameters}, hotlist version {versions.hotlist}, issuers version {versions.issuers}"
        )
        for line in asked:
            click.echo(line)


@main.command("sign-out")
@click.pass_obj
def sign_out(folder: Path) -> None:
    """End the shift: compare its totals with what has arrived."""
    with one_sentence(), Device(folder) as device:
        answer = device.sign_out()
    if answer is None:
        click.echo("no shift is open")
    elif answer.agrees:
        click.echo(f"signed out: {answer.records} records, {yuan(answer.amount_fen)}")
    else:
        click.echo(f"the server has {answer.records} records, {yuan(answer.amount_fen)}; upload, and sign out again")
        sys.exit(REFUSED)


@main.command()
@click.argument("image", type=click.Path(path_type=Path))
@AT
@click.pass_obj
def tap(folder: Path, image: Path, at: datetime | None) -> None:
    """Take one ride from the card IMAGE."""
    with one_sentence(), Device(folder) as device, EmulatedCard(CardImage.load(image)) as card:
        card.reset()
        result = device.tap(card, at or device.clock.now())
    click.echo(f"{'green' if result.is_green else 'red'}: {result.text}")
    if not result.is_green:
        sys.exit(REFUSED)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Send the JSON form instead of the batch file.")
@AT
@click.pass_obj
def upload(folder: Path, at: datetime | None, *, as_json: bool) -> None:
    """Send what waits in the outbox and show the verdicts."""
    with one_sentence(), Device(folder) as device:
        receipts = device.upload(at or device.clock.now(), as_json=as_json)
        for receipt in receipts:
            for verdict in receipt.verdicts:
                reason = f" ({verdict.reason})" if verdict.reason else ""
                click.echo(f"batch {receipt.batch} record {verdict.terminal_sequence}: {verdict.verdict}{reason}")
        click.echo(f"waiting {device.outbox.counts().waiting}")


@main.command()
@click.pass_obj
def outbox(folder: Path) -> None:
    """Show what waits for the server and for torn cards."""
    with one_sentence(), Device(folder) as device:
        counts = device.outbox.counts()
        records = device.outbox.waiting()
    click.echo(f"waiting {counts.waiting}, open batch {counts.open_batch or 'none'}, torn cards {counts.torn}")
    for record in records:
        kind = "purchase" if any(record.tac) else "unconfirmed"
        number = record.card_serial.hex()[1:]
        click.echo(f"  {record.terminal_sequence:>8}  {kind:11}  {yuan(record.amount_fen):>8}  card {number}")


main.add_command(table)
main.add_command(online)


def program() -> None:
    """The command as a process of its own: the device key and the keys of images stay in it."""
    with one_sentence():
        hide_memory()
    main()
