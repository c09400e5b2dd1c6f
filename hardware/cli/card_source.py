"""Where a command finds its card: in a PC/SC reader, or in an image file that is put into an emulated reader for the moment."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn, Protocol, Self, runtime_checkable

import click

from hardware.card.channel import CardChannel
from hardware.cli.endings import one_sentence
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.readers.reader import PcscReader, wait_for_card
from hardware.readers.trace import TracedCard

MAX_WAIT_S: Final = 3_600
MAX_TIMEOUT_S: Final = 600
DEFAULT_TIMEOUT_S: Final = 10
INTERRUPTED: Final = 130  # as a shell counts a command that was ended by Ctrl-C


@dataclass(frozen=True, slots=True)
class Source:
    """Which card is meant.

    Args:
        image: an image file; None for a reader.
        reader: the beginning of the reader's name; empty for any.
        timeout_s: how long one command to the card may take.
        wait_s: how long a card is waited for; 0 takes the one that is there.
        shared: beside other programs instead of exclusively.
        trace: tell every command on standard error.
        show: whether numbers may be shown.
    """

    image: Path | None = None
    reader: str = ""
    timeout_s: int = DEFAULT_TIMEOUT_S
    wait_s: int = 0
    shared: bool = False
    trace: bool = False
    show: bool = False

    @classmethod
    def of(cls, options: dict[str, Any]) -> Self:
        """From the options that `card_options` adds to a command."""
        image = options["image_option"] or options.get("image")
        return cls(
            image, **{name: options[name] for name in ("reader", "timeout_s", "wait_s", "shared", "trace", "show")}
        )

    @contextmanager
    def card(self) -> Iterator[CardChannel]:
        """The card, freshly reset (a shared one: as it is), for the length of a block.

        Raises:
            CardImageInvalid, CardImageInUse: the image cannot be inserted.
            HardwareError: no reader, no card, or what else a reader can say.
        """
        with self._plain() as card:
            yield TracedCard(card, tell, show=self.show, reset=reset_of(card)) if self.trace else card

    @contextmanager
    def _plain(self) -> Iterator[CardChannel]:
        if self.image is not None:
            with EmulatedCard(CardImage.load(self.image)) as inserted:
                inserted.reset()
                yield inserted
            return
        name = wait_for_card(self.reader, self.wait_s) if self.wait_s else self.reader
        reader = PcscReader(name, shared=self.shared, timeout_s=self.timeout_s)
        try:
            yield reader.open()
        finally:
            reader.disconnect()


@runtime_checkable
class Resettable(Protocol):
    """A channel whose card can be reset."""

    def reset(self) -> bytes:
        """Reset the card; returns the ATR."""


def reset_of(card: CardChannel) -> Callable[[], bytes] | None:
    """How a card is reset; None for one that cannot be."""
    return card.reset if isinstance(card, Resettable) else None


def tell(line: str) -> None:
    """A line on standard error."""
    click.echo(line, err=True)


def card_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that needs a card."""
    for option in (
        click.option(
            "--show", is_flag=True, help="Show numbers of card and chip whole, not only their last four characters."
        ),
        click.option(
            "--trace", is_flag=True, help="Tell every command on standard error; PINs, keys and names are masked."
        ),
        click.option("--shared", is_flag=True, help="Take turns with other programs instead of having the card alone."),
        click.option(
            "--wait",
            "wait_s",
            type=click.IntRange(0, MAX_WAIT_S),
            default=0,
            metavar="SECONDS",
            help="Wait for a card so long.",
        ),
        click.option(
            "--timeout",
            "timeout_s",
            type=click.IntRange(1, MAX_TIMEOUT_S),
            default=DEFAULT_TIMEOUT_S,
            show_default=True,
            metavar="SECONDS",
            help="How long one command to the card may take.",
        ),
        click.option("--reader", default="", metavar="NAME", help="Use the PC/SC reader whose name begins so."),
        click.option(
            "--image", "image_option", type=click.Path(path_type=Path), help="Use this card image instead of a reader."
        ),
    ):
        command = option(command)
    return command


@contextmanager
def ending() -> Iterator[None]:
    """Run a command: a refusal is one sentence and a number, and so is Ctrl-C; what was begun is let go of in order."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with one_sentence():
            yield
    except KeyboardInterrupt:
        tell("interrupted")
        sys.exit(INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt
