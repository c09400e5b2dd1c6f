"""How a command ends: one sentence and a number that a script can rely on, never a stack trace for what a user can cause."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from hardware.errors import CardImageInUse, CardImageInvalid, HardwareError, ReaderBusy, UplinkUnavailable
from hardware.readers.errors import RecordingInvalid
from hardware.terminal.errors import DeviceInvalid, OutboxInvalid

REFUSED: Final = 1  # the card, the terminal or the server said no
FILE_UNUSABLE: Final = 3  # 2 is click's own: the command was not understood
TRY_LATER: Final = 4

ENDINGS: Final[tuple[tuple[type[HardwareError], int], ...]] = (
    (CardImageInUse, TRY_LATER),
    (ReaderBusy, TRY_LATER),
    (UplinkUnavailable, TRY_LATER),
    (CardImageInvalid, FILE_UNUSABLE),
    (DeviceInvalid, FILE_UNUSABLE),
    (OutboxInvalid, FILE_UNUSABLE),
    (RecordingInvalid, FILE_UNUSABLE),
    (HardwareError, REFUSED),
)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Run a command; a refusal becomes a sentence on standard error and its exit code."""
    try:
        yield
    except HardwareError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(next(code for kind, code in ENDINGS if isinstance(error, kind)))


def yuan(fen: int) -> str:
    """An amount for people: 12345 fen is ¥123.45."""
    return f"¥{fen // 100}.{fen % 100:02d}"
