"""An emulated reader: image files are put in and taken out like cards."""

import os
from collections.abc import Callable
from pathlib import Path

from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.errors import NoReader, ReaderBusy


class EmulatedReader:
    """A reader with one slot.

    Args:
        folder: where image files are found when a relative path is inserted, for example `var/cards`.
        random: where the inserted chips take their random numbers from.
    """

    def __init__(self, folder: str | Path, random: Callable[[int], bytes] = os.urandom) -> None:
        self._folder = Path(folder)
        self._random = random
        self._card: EmulatedCard | None = None

    def __repr__(self) -> str:
        return f"EmulatedReader({self._folder}, {self._card or 'empty'})"

    @property
    def card(self) -> EmulatedCard:
        """The inserted card.

        Raises:
            NoReader: the slot is empty.
        """
        if self._card is None:
            raise NoReader("no card in the reader")
        return self._card

    def insert(self, path: str | Path) -> EmulatedCard:
        """Put a card in and give it power. Its file stays locked until `remove()`.

        Raises:
            ReaderBusy: a card is in the slot.
            CardImageInUse: the image is inserted elsewhere.
            CardImageInvalid: the file is not a card image.
        """
        if self._card is not None:
            raise ReaderBusy("a card is in the reader")
        self._card = EmulatedCard(CardImage.load(self._folder / path), self._random)
        return self._card

    def remove(self) -> None:
        """Take the card out; harmless when the slot is empty."""
        if self._card is not None:
            self._card.remove()
            self._card = None
