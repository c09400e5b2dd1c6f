"""`citizencard-card apdu`: commands as hexadecimal digits, sent one after the other and explained line by line."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import click

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import CardChannel, exchange
from hardware.cli.card_source import Source, card_options, ending, reset_of
from hardware.cli.card_text import exchange_lines
from hardware.cli.endings import REFUSED
from hardware.errors import CardRemoved, MalformedCardData

MAX_LINES: Final = 10_000
MAX_LINE_CHARACTERS: Final = 2_048
RESET: Final = "reset"
SEPARATORS: Final = str.maketrans("", "", " :\t")


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One line of a script.

    Args:
        number: from 1.
        command: None for a reset of the card.
    """

    number: int
    command: CommandApdu | None


class ExplainedCard:
    """A `CardChannel` that prints what passes, explained. PINs, keys and names are masked.

    Args:
        card: the channel behind it.
    """

    def __init__(self, card: CardChannel) -> None:
        self._card = card

    @property
    def atr(self) -> bytes:
        """Of the card behind it."""
        return self._card.atr

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Pass a command on.

        Raises:
            CardRemoved: no answer came.
        """
        response = self._card.transmit(command)
        click.echo("\n".join(exchange_lines(command, response)))
        sys.stdout.flush()
        return response


def script(lines: Iterable[str]) -> Iterator[ScriptLine]:
    """Read commands: hexadecimal digits, spaces and colons between them allowed; `reset`; `#` begins a remark.

    Raises:
        MalformedCardData: a line is no command; the reason names its number, never its content, which may be a PIN.
    """
    for number, line in enumerate(lines, start=1):
        if number > MAX_LINES or len(line) > MAX_LINE_CHARACTERS:
            raise MalformedCardData(f"line {number}", "the script is too long")
        digits = line.partition("#")[0].translate(SEPARATORS).strip()
        if digits.lower() == RESET:
            yield ScriptLine(number, None)
        elif digits:
            yield ScriptLine(number, _command(number, digits))


def run_script(card: CardChannel, lines: Iterable[ScriptLine], *, raw: bool = False) -> bool:
    """Send every command and print the exchange. Returns whether all were answered with 9000.

    Args:
        card: the channel.
        lines: from `script`.
        raw: send what stands there and nothing else: no GET RESPONSE after 61xx, no second try after 6Cxx.

    Raises:
        CardRemoved: the card left, or it cannot be reset.
    """
    explained = ExplainedCard(card)
    all_done = True
    for line in lines:
        if line.command is None:
            reset = reset_of(card)
            if reset is None:
                raise CardRemoved("this card cannot be reset")
            click.echo(f"reset: ATR of {len(reset())} bytes")
            continue
        response = explained.transmit(line.command) if raw else exchange(explained, line.command)
        all_done = all_done and response.ok
    return all_done


@click.command()
@click.argument("commands", nargs=-1, metavar="[APDU]...")
@click.option(
    "--script",
    "file",
    type=click.File("r", encoding="utf-8"),
    help="A file with a command a line; - reads standard input.",
)
@click.option("--raw", is_flag=True, help="Fetch nothing by GET RESPONSE and try nothing again.")
@card_options
def apdu(commands: tuple[str, ...], file: TextIO | None, *, raw: bool, **options: Any) -> None:  # noqa: ANN401 # the card's options
    """Send each APDU (hexadecimal digits) or a script, and explain what passes. Type a PIN into a script, not on the command line.

    Exit code: 0 every command was answered with 9000, else 1.
    """
    if bool(commands) == (file is not None):
        raise click.UsageError("name commands, or a script with --script")
    with ending():
        lines = tuple(script(commands if file is None else _bounded(file)))
        with Source.of(options).card() as card:
            if not run_script(card, lines, raw=raw):
                sys.exit(REFUSED)


def _bounded(file: TextIO) -> Iterator[str]:
    try:
        while line := file.readline(MAX_LINE_CHARACTERS + 1):
            yield line
    except UnicodeDecodeError:
        raise MalformedCardData("script", "not text") from None


def _command(number: int, digits: str) -> CommandApdu:
    try:
        return CommandApdu.from_bytes(bytes.fromhex(digits))
    except ValueError:
        raise MalformedCardData(f"line {number}", "not hexadecimal digits") from None
    except MalformedCardData as error:
        raise MalformedCardData(f"line {number}", error.reason) from None


def read_script(path: Path) -> tuple[ScriptLine, ...]:
    """The commands of a script file.

    Raises:
        MalformedCardData: not a script.
        OSError: it cannot be read.
    """
    with path.open(encoding="utf-8") as file:
        return tuple(script(_bounded(file)))
