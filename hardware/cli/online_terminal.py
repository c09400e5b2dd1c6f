"""`citizencard-terminal … online`: run a simulated till, fuel pump or kiosk, which is paid from on-line accounts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from hardware.cli.endings import REFUSED, one_sentence, yuan
from hardware.cli.values import Instant, Octets
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.terminal.holds import OpenHold
from hardware.terminal.kiosk import ACCOUNT, DUE, Ending, LoadResult
from hardware.terminal.online import Verdict
from hardware.terminal.online_device import OnlineDevice, OnlineSettings

AT = click.option("--at", type=Instant(), help="The terminal's clock; the computer's when left out.")
IMAGE = click.argument("image", type=click.Path(path_type=Path))
FEN = click.argument("amount_fen", type=click.IntRange(min=1))


@click.group()
def online() -> None:
    """Run a simulated till, fuel pump or kiosk, which is paid from on-line accounts."""


@online.command("set-up")
@click.option("--server", required=True, help="Base address of the server.")
@click.option("--terminal-number", type=Octets(6), required=True)
@click.option("--psam-serial", type=Octets(10), required=True)
@click.pass_obj
def set_up(folder: Path, server: str, terminal_number: bytes, psam_serial: bytes) -> None:
    """Make a new terminal in the folder: settings and device key."""
    with one_sentence():
        OnlineDevice.create(folder, OnlineSettings(server, terminal_number, psam_serial))
        click.echo(f"terminal {terminal_number.hex()} is set up")


@online.command()
@click.argument("code")
@click.pass_obj
def enrol(folder: Path, code: str) -> None:
    """Make the terminal known to the server with its one-time CODE."""
    with one_sentence(), OnlineDevice(folder) as device:
        device.enrol(code)
        click.echo("enrolled")


@online.command("sign-in")
@click.pass_obj
def sign_in(folder: Path) -> None:
    """Start a shift: take a batch number, and bring to an end what was left open."""
    with one_sentence(), OnlineDevice(folder) as device:
        click.echo(f"signed in: batch {device.sign_in().batch}")


@online.command()
@IMAGE
@FEN
@AT
@click.pass_obj
def buy(folder: Path, image: Path, amount_fen: int, at: datetime | None) -> None:
    """Take AMOUNT_FEN from the account of the card IMAGE."""
    with _at_work(folder, image) as (device, card):
        verdict = device.buy(card, amount_fen, at or datetime.now(UTC))
    _say(verdict, f"paid {yuan(amount_fen)}")


@online.command()
@IMAGE
@FEN
@AT
@click.pass_obj
def hold(folder: Path, image: Path, amount_fen: int, at: datetime | None) -> None:
    """Reserve AMOUNT_FEN on the account of the card IMAGE, as a fuel pump does before it opens."""
    with _at_work(folder, image) as (device, card):
        verdict = device.pump.begin(card, amount_fen, at or datetime.now(UTC))
    _say(verdict, f"held {yuan(amount_fen)} as {verdict.name.batch}.{verdict.name.trace}")


@online.command()
@click.argument("name")
@click.argument("amount_fen", type=click.IntRange(min=0))
@AT
@click.pass_obj
def settle(folder: Path, name: str, amount_fen: int, at: datetime | None) -> None:
    """Take AMOUNT_FEN of the hold NAME, as `hold` has told it, and give the rest back; 0 gives everything back."""
    with one_sentence(), OnlineDevice(folder) as device:
        held = next((entry for entry in device.pump.open_holds() if _shown(entry) == name), None)
        if held is None:
            click.echo("there is no such open hold", err=True)
            sys.exit(REFUSED)
        settled = device.pump.end(held.name, amount_fen, at or datetime.now(UTC))
    if settled.reason:
        click.echo(f"not paid: {settled.reason}")
        sys.exit(REFUSED)
    click.echo(f"settled {yuan(settled.amount_fen)}" if settled.is_paid else "released")


@online.command()
@click.pass_obj
def holds(folder: Path) -> None:
    """Show what is held and not settled."""
    with one_sentence(), OnlineDevice(folder) as device:
        for held in device.pump.open_holds():
            click.echo(f"{_shown(held)}  {yuan(held.held_fen)}  {held.trouble or 'open'}")


@online.command()
@IMAGE
@AT
@click.pass_obj
def balance(folder: Path, image: Path, at: datetime | None) -> None:
    """Show what the account of the card IMAGE can spend, and what waits to be written onto the card."""
    with _at_work(folder, image) as (device, card):
        told = device.kiosk.balance(card, at or datetime.now(UTC))
    if told.get("verdict") != "answered":
        click.echo(f"refused: {told.get('reason')}")
        sys.exit(REFUSED)
    account_fen = told.get("balance_fen")
    click.echo(f"account {'none' if account_fen is None else yuan(int(str(account_fen)))}")
    click.echo(f"waits for the card {yuan(int(str(told.get('due_fen'))))}")


@online.command()
@IMAGE
@FEN
@click.option("--from", "source", type=click.Choice([DUE, ACCOUNT]), default=DUE, show_default=True)
@AT
@click.pass_obj
def load(folder: Path, image: Path, amount_fen: int, source: str, at: datetime | None) -> None:
    """Put AMOUNT_FEN on the chip of the card IMAGE: from what waits for it, or from its account."""
    with _at_work(folder, image) as (device, card):
        result = device.kiosk.load(card, amount_fen, source, at or datetime.now(UTC))
    _show(result)


@online.command()
@IMAGE
@click.option("--give-back", is_flag=True, help="Do not try again: the money goes back to where it came from.")
@AT
@click.pass_obj
def finish(folder: Path, image: Path, at: datetime | None, *, give_back: bool) -> None:
    """Bring the open load of the card IMAGE to its end."""
    with _at_work(folder, image) as (device, card):
        result = device.kiosk.give_back(card) if give_back else device.kiosk.finish(card, at or datetime.now(UTC))
    if result is None:
        click.echo("there is no open load of this card")
    else:
        _show(result)


@contextmanager
def _at_work(folder: Path, image: Path) -> Iterator[tuple[OnlineDevice, EmulatedCard]]:
    with one_sentence(), OnlineDevice(folder) as device, EmulatedCard(CardImage.load(image)) as card:
        card.reset()
        yield device, card


def _say(verdict: Verdict, done: str) -> None:
    click.echo(done if verdict.approved else f"refused: {verdict.reason}")
    if not verdict.approved:
        sys.exit(REFUSED)


def _show(result: LoadResult) -> None:
    words = {
        Ending.LOADED: "is on the chip",
        Ending.NOT_LOADED: "is not on the chip",
        Ending.OPEN: "is on its way: present the card again",
    }
    reason = f" ({result.reason})" if result.reason else ""
    click.echo(f"{yuan(result.amount_fen)} {words[result.ending]}{reason}")
    if result.ending is not Ending.LOADED:
        sys.exit(REFUSED)


def _shown(held: OpenHold) -> str:
    return f"{held.name.batch}.{held.name.trace}"
