"""The reader that the agent serves: what any reader must offer, the emulated one, and how commands are run on the card in it."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final, Literal, Protocol

from hardware.agent.messages import Step
from hardware.card.apdu import ResponseApdu
from hardware.card.channel import CardChannel, exchange
from hardware.emulator.card import EmulatedCard
from hardware.emulator.reader import EmulatedReader
from hardware.errors import CardImageInvalid, CardRemoved, MalformedCardData, NoReader

Realm = Literal["test", "unproven"]
SLOT_FILE: Final = "in-the-reader"
MAX_NAME_BYTES: Final = 255


class Reader(Protocol):
    """A reader with one slot."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def realm(self) -> Realm:
        """`test` when every card in it is an emulated one; else `unproven`: only the chip's keys can tell."""

    def connect(self) -> CardChannel:
        """Reset the card in the slot and open a channel to it; a channel opened before is dead.

        Raises:
            NoReader: no reader, or no card in it.
            HardwareError: the card cannot be used.
        """

    def is_there(self) -> bool:
        """Whether the card that was connected is still in the slot; one that is gone is let go of."""

    def disconnect(self) -> None:
        """Take the power from the card; harmless without one."""


class EmulatedSlot:
    """An emulated reader whose slot is a file in the folder of images, so that another process can put a card in and take it out.

    The file `in-the-reader` holds the name of the image that is in the slot; no file, no card.

    Args:
        folder: the folder of card images.
    """

    realm: Realm = "test"

    def __init__(self, folder: Path) -> None:
        self._slot = folder / SLOT_FILE
        self._reader = EmulatedReader(folder)
        self._inserted = ""

    def __repr__(self) -> str:
        return f"EmulatedSlot({self._slot.parent}, {self._inserted or 'empty'})"

    @property
    def name(self) -> str:
        """Says that it is not a real one."""
        return "emulated reader"

    @property
    def card(self) -> EmulatedCard:
        """The connected card.

        Raises:
            NoReader: none is.
        """
        return self._reader.card

    def connect(self) -> CardChannel:
        """Insert the image that the slot names, or reset it when it is in.

        Raises:
            NoReader: the slot is empty.
            CardImageInvalid, CardImageInUse: the image cannot be inserted.
        """
        named = self._named()
        if not named:
            self.disconnect()
            raise NoReader("no card in the reader")
        if not self.is_there():
            self._reader.insert(named)
            self._inserted = named
        self._reader.card.reset()
        return self._reader.card

    def is_there(self) -> bool:
        """Whether the slot still names the inserted image; an image that was taken out is freed."""
        if self._inserted and self._named() == self._inserted:
            return True
        self._reader.remove()
        self._inserted = ""
        return False

    def disconnect(self) -> None:
        """Let go of the image; it may be inserted elsewhere until the next `connect()`."""
        self._reader.remove()
        self._inserted = ""

    def put_in(self, image: str) -> None:
        """Put the image of that name into the slot, in place of any other.

        Raises:
            CardImageInvalid: not the plain name of a file in the folder.
        """
        path = self._slot.with_name(image) if image and image == Path(image).name else None
        if path is None or path == self._slot or not path.is_file():
            raise CardImageInvalid(image, f"no image of that name in {self._slot.parent}")
        new = self._slot.with_suffix(".new")
        new.write_text(image, encoding="utf-8")
        new.chmod(stat.S_IRUSR | stat.S_IWUSR)
        new.replace(self._slot)

    def take_out(self) -> None:
        """Empty the slot; harmless when it is empty."""
        self._slot.unlink(missing_ok=True)

    def _named(self) -> str:
        with contextlib.suppress(FileNotFoundError), self._slot.open("rb") as file:
            name = os.fsdecode(file.read(MAX_NAME_BYTES)).strip()
            return name if name == Path(name).name else ""
        return ""


def run_commands(card: CardChannel, step: Step) -> tuple[tuple[ResponseApdu, ...], bool]:
    """Send the step's commands in order, each to its whole answer, up to the first status word that is not expected.

    A card whose answer has no end is no better than one that went away.

    Returns:
        The responses, and whether the card was torn.
    """
    responses: list[ResponseApdu] = []
    for command, expected in zip(step.commands, step.expected, strict=True):
        try:
            response = exchange(card, command)
        except (CardRemoved, MalformedCardData):
            return tuple(responses), True
        responses.append(response)
        if response.sw not in expected:
            break
    return tuple(responses), False
