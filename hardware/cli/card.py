"""`citizencard-card`: readers and cards as anybody with a reader may see them; and card images, which play cards."""

import json
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from hardware.cli.card_apdu import apdu
from hardware.cli.card_diff import diff
from hardware.cli.card_doctor import doctor
from hardware.cli.card_recording import record, replay
from hardware.cli.card_report import report_on
from hardware.cli.card_source import Source, card_options, ending
from hardware.cli.card_text import masked, masked_atr, report_lines
from hardware.cli.endings import one_sentence
from hardware.cli.memory import hide_memory
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.emulator.vpcd import DEFAULT_PORT, LOOPBACK, connect, serve
from hardware.errors import NoReader
from hardware.readers.watch import ReaderEvent, ReaderState, ReaderWatch, look

MAX_PORT: Final = 65_535
MAX_WATCH_S: Final = 7 * 24 * 3_600
SLICE_S: Final = 60


@click.group()
def main() -> None:
    """Look at citizen cards, transit cards and readers.

    Exit codes: 0 done · 1 the card, the reader or its service said no · 2 the command line is wrong · 3 a file cannot be used · 4 the image
    is inserted elsewhere, or another program holds the card: try later · 130 interrupted.
    """


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--show", is_flag=True, help="Show the ATR whole: its end may be the chip's serial number.")
def readers(*, as_json: bool, show: bool) -> None:
    """List the PC/SC readers and what is in them."""
    with ending():
        found = [_reader(state, show=show) for state in look()]
        if as_json:
            click.echo(json.dumps(found, indent=2))
            return
        if not found:
            raise NoReader("no reader is plugged in; citizencard-card doctor says more")
        for reader in found:
            click.echo(f"{reader['name']}: {_content(reader)}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each event.")
@click.option("--show", is_flag=True, help="Show ATRs whole: their end may be the chip's serial number.")
@click.option("--seconds", type=click.IntRange(0, MAX_WATCH_S), help="End after so many seconds instead of at Ctrl-C.")
def watch(*, as_json: bool, show: bool, seconds: int | None) -> None:
    """Tell readers and cards that come and go, also across restarts of the PC/SC service."""

    def tell(event: ReaderEvent) -> None:
        atr = event.atr.hex().upper()
        table = {
            "what": event.what,
            "reader": event.reader,
            "atr": atr if show else masked_atr(atr),
            "detail": event.detail,
        }
        said = {key: value for key, value in table.items() if value}
        now = datetime.now().astimezone()
        if as_json:
            click.echo(json.dumps({"at": now.isoformat(timespec="milliseconds"), **said}))
        else:
            words = [said.pop("what").replace("_", " "), *said.values()]
            click.echo(f"{now:%H:%M:%S}  {words[0]:14}  {'  '.join(words[1:])}".rstrip())
        sys.stdout.flush()

    with ending(), suppress(KeyboardInterrupt), ReaderWatch([tell]) as watching:
        if seconds is None:
            watching.run(SLICE_S)
        else:
            watching.run_for(seconds)


@main.command()
@click.argument("image", type=click.Path(path_type=Path), required=False)
@card_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def read(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401 # the card's options, which Source.of takes
    """Read the card in a reader, or a card IMAGE: numbers, balance, log, trips, public social-security records.

    Never keys, never names. Cards of other cities are read as far as they allow it.
    """
    source = Source.of(options)
    with ending():
        with source.card() as card:
            report = report_on(card)
        print_report(report if source.show else masked(report), as_json=as_json)


def print_report(report: dict[str, Any], *, as_json: bool) -> None:
    """A report on standard output, as JSON or as text."""
    click.echo(json.dumps(report, indent=2, ensure_ascii=False) if as_json else "\n".join(report_lines(report)))


@main.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(1, MAX_PORT), default=DEFAULT_PORT, show_default=True)
@click.option("--host", default=LOOPBACK, show_default=True, help="Where pcscd runs with the vpcd driver.")
def emulate(image: Path, port: int, host: str) -> None:
    """Put the card IMAGE into a virtual reader of pcscd until this command is interrupted: then it is pulled out.

    Exit code: 0 pulled out, 1 no virtual reader there or its service ended, 3 the image is missing or damaged, 4 it is inserted elsewhere.
    """
    with ending(), EmulatedCard(CardImage.load(image)) as card:
        try:
            connection = connect(port, host)
            click.echo(f"{image} is in the virtual reader {host}:{port}")
            sys.stdout.flush()
            serve(card, connection)
        except KeyboardInterrupt:
            return
        raise NoReader("the service of the virtual reader has ended")


for command in (apdu, record, replay, diff, doctor):
    main.add_command(command)


def program() -> None:
    """The command as a process of its own: keys of card images and PINs that are sent stay in it."""
    with one_sentence():
        hide_memory()
    main()


def _reader(state: ReaderState, *, show: bool) -> dict[str, Any]:
    atr = state.atr.hex().upper()
    return {"name": state.name, "card": state.card, "mute": state.mute, "atr": atr if show else masked_atr(atr)}


def _content(reader: dict[str, Any]) -> str:
    if not reader["card"]:
        return "empty"
    return "a card that does not speak" if reader["mute"] else f"card, ATR {reader['atr']}"
