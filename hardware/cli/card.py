"""`citizencard-card`: look at a card image as anybody with a reader may, and put one into a virtual PC/SC reader."""

import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import click

from hardware.cli.card_report import Report, report_on
from hardware.cli.endings import one_sentence, yuan
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.emulator.vpcd import DEFAULT_PORT, LOOPBACK, connect, serve
from hardware.errors import NoReader

MAX_PORT: Final = 65_535


@click.group()
def main() -> None:
    """Look at citizen cards."""


@main.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def read(image: Path, *, as_json: bool) -> None:
    """Read a card IMAGE: numbers, balance, log, trips, public social-security records. Never keys, never names.

    Exit code: 0 read, 1 the card refused, 3 the image is missing or damaged, 4 it is inserted elsewhere.
    """
    with one_sentence(), EmulatedCard(CardImage.load(image)) as card:
        card.reset()
        report = report_on(card)
    if as_json:
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(report)))


@main.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(1, MAX_PORT), default=DEFAULT_PORT, show_default=True)
@click.option("--host", default=LOOPBACK, show_default=True, help="Where pcscd runs with the vpcd driver.")
def emulate(image: Path, port: int, host: str) -> None:
    """Put the card IMAGE into a virtual reader of pcscd until this command is interrupted: then it is pulled out.

    Exit code: 0 pulled out, 1 no virtual reader there or its service ended, 3 the image is missing or damaged, 4 it is inserted elsewhere.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    with one_sentence(), EmulatedCard(CardImage.load(image)) as card:
        try:
            connection = connect(port, host)
            click.echo(f"{image} is in the virtual reader {host}:{port}")
            sys.stdout.flush()
            serve(card, connection)
        except KeyboardInterrupt:
            return
        raise NoReader("the service of the virtual reader has ended")


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _lines(report: Report) -> list[str]:
    lines = [f"chip {report['chip_serial']}"]
    lines += [f"application {name}: {state}" for name, state in report["applications"].items() if state != "absent"]
    if len(lines) == 1:
        lines.append("a blank chip: no application on it")
    for title, write in (("purse", _purse), ("social_security", _social_security), ("psam", _psam)):
        if report[title] is not None:
            lines += ["", *write(report[title])]
    return lines


def _purse(purse: dict[str, Any]) -> list[str]:
    lines = [
        f"card number {purse['card_number']}, class {purse['card_class']}, valid {purse['valid_from']} to {purse['valid_to']}",
        f"balance {yuan(purse['balance_fen'])}",
        f"last {len(purse['log'])} transactions, newest first:",
    ]
    lines += [
        f"  {entry['at'] or 'no time':25}  {entry['type']:17} {yuan(entry['amount_fen']):>10}  terminal {entry['terminal']}"
        f"  no. {entry['sequence']}"
        for entry in purse["log"]
    ]
    lines.append(f"last {len(purse['trips'])} trips, newest first:")
    lines += [
        f"  {trip['at']:25}  line {trip['line']:<12} {yuan(trip['amount_fen']):>10}  balance {yuan(trip['balance_fen'])}"
        for trip in purse["trips"]
    ]
    return lines


def _social_security(records: dict[str, Any]) -> list[str]:
    return [
        f"social-security card number {records['card_number']}, version {records['version']}",
        f"card id {records['card_id']}",
        f"issued {records['issued']} by {records['institution']}, expires {records['expires']}",
    ]


def _psam(psam: dict[str, Any]) -> list[str]:
    return [f"PSAM {psam['serial']} of terminal {psam['terminal_number']}"]
