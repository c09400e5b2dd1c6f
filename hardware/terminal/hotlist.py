"""The hotlist as a terminal holds it: cards, ranges of cards and modules that are refused. Layout 1 of its bytes: PROTOCOL.md.

A device whose list is old takes the card; the host decides. A download that is not whole, not the next one, or older than what the device
has, changes nothing: the old list stays in force.
"""

import hashlib
import struct
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn, Self

from hardware.terminal.errors import HotlistInvalid

MAGIC: Final = b"CCH1"
LAYOUT: Final = 1
MAX_CARDS: Final = 1_000_000
"""Eight bytes each in memory, some three on the disk; catalogues of bus validators print 300,000."""
MAX_BLOCKS: Final = 2_000
MAX_NUMBER: Final = 10**11 - 1
DIGITS: Final = 11
DIGEST_BYTES: Final = 32
MODULE_BYTES: Final = 6
SERIAL_BYTES: Final = 10
SERIAL_PREFIX: Final = "0310"
DEMO_CITY: Final = "3302"

_HEADER: Final = struct.Struct(">4sBBHI2sHIIIIIIHHI")
_CANONICAL: Final = struct.Struct(">4s2sIHH")
_RANGE: Final = struct.Struct(">QQ")
_SEVEN: Final = 0x7F
_MAX_SHIFT: Final = 42
"""Six bytes of seven bits carry every number of eleven digits."""


@dataclass(frozen=True, slots=True)
class _Header:
    """What stands before the numbers."""

    city: str
    version: int
    base: int
    as_of_s: int
    cards: int
    added: int
    removed: int
    ranges: int
    modules: int


@dataclass(frozen=True, slots=True)
class Hotlist:
    """A version of the hotlist; the empty one is version 0.

    Args:
        version: rising; goes into every batch, so that the host knows what this device could know.
        city: 4 digits, of the serials on it.
        as_of_s: when it was published, seconds since 2000-01-01 00:00 Beijing.
        cards: 11-digit numbers of the cards on it, rising.
        ranges: first and last number of each, both included, sorted.
        modules: terminal numbers of security modules, 6 bytes, sorted.
    """

    version: int = 0
    city: str = DEMO_CITY
    as_of_s: int = 0
    cards: "array[int]" = field(default_factory=lambda: array("Q"), repr=False)
    ranges: tuple[tuple[int, int], ...] = ()
    modules: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a full list.

        Raises:
            HotlistInvalid: it is not one, not whole, or longer than this device can hold.
        """
        return cls().updated(raw)

    def updated(self, raw: bytes) -> Self:
        """The list after a download, which is a full list or a delta to this version; this one stays as it is.

        Raises:
            HotlistInvalid: the download is not whole, a delta to another version, an older version, or more than this device can hold.
        """
        header, reader = _open(raw)
        if header.version < self.version:
            _refuse(16, "version", f"{header.version} is older than {self.version}")
        if header.base not in (0, self.version):
            _refuse(20, "base version", f"a delta to version {header.base}, the device has {self.version}")
        added, removed = reader.numbers(header.added, "added"), reader.numbers(header.removed, "removed")
        ranges, modules = reader.ranges(header.ranges), reader.modules(header.modules)
        digest = reader.take(DIGEST_BYTES, "digest of the list")
        reader.end()
        before = self.cards if header.base else array("Q")
        cards = _changed(before, added, removed)
        found = type(self)(header.version, header.city, header.as_of_s, cards, ranges, modules)
        if len(cards) != header.cards or found.digest() != digest:
            _refuse(reader.at - DIGEST_BYTES, "digest of the list", "the list after applying is not the server's")
        return found

    def refuses(self, serial: bytes) -> bool:
        """Whether a card is on the list: by itself or in a range.

        Args:
            serial: its application serial, 10 bytes; one of another city is not on the list.
        """
        digits = serial.hex()
        if len(serial) != SERIAL_BYTES or not digits.isdecimal():
            return False
        # The check digit says nothing that the number does not.
        return digits.startswith(SERIAL_PREFIX + self.city) and self._lists(int(digits[-DIGITS - 1 : -1]))

    def refuses_module(self, terminal_number: bytes) -> bool:
        """Whether a security module is on the list, by its terminal number of 6 bytes: a device does not work with its own."""
        return terminal_number in self.modules

    def digest(self) -> bytes:
        """SHA-256 of the whole list, 32 bytes: the same however the device came by it."""
        cards = array("Q", self.cards)
        if sys.byteorder == "little":
            cards.byteswap()
        head = _CANONICAL.pack(MAGIC, bytes.fromhex(self.city), len(cards), len(self.ranges), len(self.modules))
        blocks = b"".join((*(_RANGE.pack(*one) for one in self.ranges), *self.modules))
        return hashlib.sha256(head + cards.tobytes() + blocks).digest()

    def to_bytes(self) -> bytes:
        """The full list in layout 1, as the device keeps it on its disk."""
        body = bytearray()
        before = 0
        for number in self.cards:
            body += _gap(number - before)
            before = number
        for one in self.ranges:
            body += _RANGE.pack(*one)
        body += b"".join(self.modules) + self.digest()
        size = _HEADER.size + len(body) + DIGEST_BYTES
        city, blocks = bytes.fromhex(self.city), (len(self.ranges), len(self.modules))
        numbers = (self.version, 0, self.as_of_s, len(self.cards), len(self.cards), 0)
        whole = _HEADER.pack(MAGIC, LAYOUT, 0, _HEADER.size, size, city, 0, *numbers, *blocks, 0) + body
        return whole + hashlib.sha256(whole).digest()

    def _lists(self, number: int) -> bool:
        place = bisect_left(self.cards, number)
        if place < len(self.cards) and self.cards[place] == number:
            return True
        # Ranges may lie in one another, so each that begins early enough is looked at: there are few.
        begins = bisect_right(self.ranges, (number, MAX_NUMBER))
        return any(number <= last for _, last in self.ranges[:begins])


class _Reader:
    """The body of a download, from its start to its end."""

    def __init__(self, raw: bytes, at: int, end: int) -> None:
        self._raw, self.at, self._end = raw, at, end

    def take(self, size: int, what: str) -> bytes:
        """The next bytes."""
        if self._end - self.at < size:
            _refuse(self.at, what, "cut short")
        self.at += size
        return self._raw[self.at - size : self.at]

    def end(self) -> None:
        """Nothing is left over."""
        if self.at != self._end:
            _refuse(self.at, "end", f"{self._end - self.at} bytes are left over")

    def numbers(self, count: int, what: str) -> "array[int]":
        """So many card numbers, rising, each as its distance from the one before."""
        found = array("Q")
        number = 0
        for gap in self._gaps(count, what):
            number += gap
            if gap == 0 or number > MAX_NUMBER:
                _refuse(self.at, what, "the numbers do not rise, or have more than 11 digits")
            found.append(number)
        return found

    def _gaps(self, count: int, what: str) -> Iterator[int]:
        raw, end = self._raw, self._end
        for _ in range(count):
            gap = shift = 0
            while True:
                if self.at >= end or shift >= _MAX_SHIFT:
                    _refuse(self.at, what, "cut short, or a number of more than six bytes")
                byte = raw[self.at]
                self.at += 1
                gap |= (byte & _SEVEN) << shift
                if byte <= _SEVEN:
                    break
                shift += 7
            if byte == 0 and shift:
                _refuse(self.at, what, "a number is longer than it need be")
            yield gap

    def ranges(self, count: int) -> tuple[tuple[int, int], ...]:
        """So many ranges, sorted."""
        found: list[tuple[int, int]] = []
        for _ in range(count):
            first, last = _RANGE.unpack(self.take(_RANGE.size, "range"))
            if not first <= last <= MAX_NUMBER or (found and found[-1] >= (first, last)):
                _refuse(self.at - _RANGE.size, "range", "its ends are in the wrong order, or the ranges are")
            found.append((first, last))
        return tuple(found)

    def modules(self, count: int) -> tuple[bytes, ...]:
        """So many terminal numbers, sorted."""
        found: list[bytes] = []
        for _ in range(count):
            number = self.take(MODULE_BYTES, "module")
            if not number.hex().isdecimal() or (found and found[-1] >= number):
                _refuse(self.at - MODULE_BYTES, "module", "is no terminal number, or they are in the wrong order")
            found.append(number)
        return tuple(found)


def _open(raw: bytes) -> tuple[_Header, _Reader]:
    """Check what is around the numbers."""
    if len(raw) < _HEADER.size + 2 * DIGEST_BYTES:
        _refuse(0, "size", f"{len(raw)} bytes are too few")
    magic, layout, flags, header_size, size, city, reserve, *numbers, last_reserve = _HEADER.unpack_from(raw)
    expected = (
        (0, "magic", magic, MAGIC),
        (4, "layout", layout, LAYOUT),
        (5, "flags", flags, 0),
        (6, "size of the header", header_size, _HEADER.size),
        (8, "size", size, len(raw)),
        (14, "reserve", reserve, 0),
        (44, "reserve", last_reserve, 0),
    )
    for offset, what, found, right in expected:
        if found != right:
            _refuse(offset, what, f"{found!r}, must be {right!r}")
    header = _Header(city.hex(), *numbers)
    if max(header.cards, header.added, header.removed) > MAX_CARDS:
        _refuse(28, "cards", f"more than {MAX_CARDS}")
    if max(header.ranges, header.modules) > MAX_BLOCKS:
        _refuse(40, "ranges or modules", f"more than {MAX_BLOCKS}")
    if header.base > header.version or (header.base == 0 and header.removed):
        _refuse(20, "base version", "is newer than the version, or a full list takes cards off")
    if not header.city.isdecimal():
        _refuse(12, "city", "is not four digits")
    end = len(raw) - DIGEST_BYTES
    if hashlib.sha256(raw[:end]).digest() != raw[end:]:
        _refuse(end, "digest", "is not of these bytes")
    return header, _Reader(raw, _HEADER.size, end)


def _changed(before: "array[int]", added: "array[int]", removed: "array[int]") -> "array[int]":
    """The numbers without the removed ones and with the added ones; each must be on the list, or not be on it."""
    if not before and not removed:
        return added
    gone = set(removed)
    kept = array("Q", (number for number in before if number not in gone)) if gone else before
    if len(kept) != len(before) - len(gone):
        _refuse(36, "removed", "a card is not on the list")
    return array("Q", _merged(kept, added))


def _merged(kept: "array[int]", added: Iterable[int]) -> Iterator[int]:
    start = 0
    for number in added:
        place = bisect_left(kept, number, start)
        if place < len(kept) and kept[place] == number:
            _refuse(32, "added", "a card is on the list already")
        yield from kept[start:place]
        yield number
        start = place
    yield from kept[start:]


def _gap(gap: int) -> bytes:
    packed = bytearray()
    while gap > _SEVEN:
        packed.append(gap & _SEVEN | _SEVEN + 1)
        gap >>= 7
    packed.append(gap)
    return bytes(packed)


def _refuse(offset: int, what: str, reason: str) -> NoReturn:
    raise HotlistInvalid(offset, what, reason)
