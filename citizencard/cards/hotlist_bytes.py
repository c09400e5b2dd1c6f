"""The hotlist in the bytes that terminals fetch, layout 1 (hardware/terminal/PROTOCOL.md). Pure: numbers in, bytes out.

A card is its 11-digit number: what is before it in a serial is the city's, and the digit after it is computed. Sorted numbers differ little
from each other, so each is written as its distance from the one before, in seven bits a byte (LEB128).
"""

import hashlib
import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from citizencard.cards.numbering import CARD_NUMBER_DIGITS, CITY
from hardware.card.files import application_serial

MAGIC: Final = b"CCH1"
LAYOUT: Final = 1
EPOCH: Final = datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=8)))
"""Seconds are counted from here, as on the card and in the device table."""

_HEADER: Final = struct.Struct(">4sBBHI2sHIIIIIIHHI")
_CANONICAL: Final = struct.Struct(">4s2sIHH")
_RANGE: Final = struct.Struct(">QQ")
_SERIAL_START: Final = application_serial(CITY, "0" * CARD_NUMBER_DIGITS).hex().upper()[: -CARD_NUMBER_DIGITS - 1]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a version of the list says.

    Args:
        cards: 11-digit numbers, rising.
        ranges: first and last number of each, both included, sorted.
        modules: terminal numbers of 6 bytes, sorted.
    """

    cards: "array[int]"
    ranges: tuple[tuple[int, int], ...] = ()
    modules: tuple[bytes, ...] = ()

    def digest(self) -> bytes:
        """SHA-256 of the whole list, the same however a device came by it: 32 bytes."""
        cards = array("Q", self.cards)
        if sys.byteorder == "little":
            cards.byteswap()
        head = _CANONICAL.pack(MAGIC, bytes.fromhex(CITY), len(cards), len(self.ranges), len(self.modules))
        return hashlib.sha256(b"".join((head, cards.tobytes(), *_blocks(self.ranges, self.modules)))).digest()


@dataclass(frozen=True, slots=True)
class Edition:
    """What the header says of a version.

    Args:
        version: of the list after applying.
        as_of: when it was published.
        cards: on the list after applying.
        digest: of the whole list after applying, 32 bytes.
    """

    version: int
    as_of: datetime
    cards: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """What came onto the list and went off it since a version.

    Args:
        base: the version; 0 for an empty list, which makes a full one.
        added, removed: numbers, rising, none in both.
    """

    base: int
    added: Sequence[int]
    removed: Sequence[int] = ()


def number_of(serial: str) -> int:
    """The 11-digit number in an application serial of this city, which is given as 20 digits.

    Raises:
        ValueError: it is no serial of this city.
    """
    if not serial.startswith(_SERIAL_START):
        raise ValueError("the serial is not of this city")
    return int(serial[len(_SERIAL_START) : -1])


def pack(edition: Edition, changes: Changes, ranges: Iterable[tuple[int, int]], modules: Iterable[bytes]) -> bytes:
    """The bytes of a full list or of a delta. Ranges and modules are always all that are in force."""
    all_ranges, all_modules = tuple(ranges), tuple(modules)
    body = b"".join((_gaps(changes.added), _gaps(changes.removed), *_blocks(all_ranges, all_modules), edition.digest))
    header = _HEADER.pack(
        MAGIC,
        LAYOUT,
        0,
        _HEADER.size,
        _HEADER.size + len(body) + hashlib.sha256().digest_size,
        bytes.fromhex(CITY),
        0,
        edition.version,
        changes.base,
        int((edition.as_of.astimezone(UTC) - EPOCH).total_seconds()),
        edition.cards,
        len(changes.added),
        len(changes.removed),
        len(all_ranges),
        len(all_modules),
        0,
    )
    return b"".join((header, body, hashlib.sha256(header + body).digest()))


def _blocks(ranges: Iterable[tuple[int, int]], modules: Iterable[bytes]) -> tuple[bytes, ...]:
    return (*(_RANGE.pack(first, last) for first, last in ranges), *modules)


def _gaps(numbers: Sequence[int]) -> bytes:
    """Each number as its distance from the one before, the first from 0: seven bits a byte, the lowest first."""
    packed = bytearray()
    before = 0
    for number in numbers:
        gap, before = number - before, number
        while gap > 0x7F:  # noqa: PLR2004 # seven bits
            packed.append(gap & 0x7F | 0x80)
            gap >>= 7
        packed.append(gap)
    return bytes(packed)
