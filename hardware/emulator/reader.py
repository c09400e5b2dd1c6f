"""An emulated reader: image files are put in and taken out like cards."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.errors import NoReader, ReaderBusy

ReaderEvent = Literal["inserted", "removed"]


class EmulatedReader:
    """A reader with one slot.

    Args:
        folder: where image files are found when a relative path is inserted, for example `var/cards`.
        random: where the inserted chips take their random numbers from.
        listener: told of every card that comes and goes.
    """

    def __init__(
        self,
        folder: str | Path,
        random: Callable[[int], bytes] = os.urandom,
        listener: Callable[[ReaderEvent], None] | None = None,
    ) -> None:
        self._listener = listener
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
        self._require_empty()
        return self.put_in(EmulatedCard(CardImage.load(self._folder / path), self._random))

    def put_in(self, card: EmulatedCard) -> EmulatedCard:
        """Put in a card that is there already, for example one that lives in memory only.

        Raises:
            ReaderBusy: a card is in the slot.
        """
        self._require_empty()
        self._card = card
        self._tell("inserted")
        return card

    def _require_empty(self) -> None:
        if self._card is not None:
            raise ReaderBusy("a card is in the reader")

    def _tell(self, event: ReaderEvent) -> None:
        if self._listener is not None:
            self._listener(event)

    def remove(self) -> None:
        """Take the card out; harmless when the slot is empty."""
        if self._card is not None:
            self._card.remove()
            self._card = None
            self._tell("removed")
