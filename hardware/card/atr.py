"""The answer to reset (ATR, ISO 7816-3): protocols, interface bytes, historical bytes and the check byte.

A social-security card and our blanks carry the chip serial in the last 8 historical bytes: their first diversification factor.
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final, Self

from hardware.errors import MalformedCardData

MIN_BYTES: Final = 2
MAX_BYTES: Final = 33
SERIAL_BYTES: Final = 8
DIRECT, INVERSE = 0x3B, 0x3F
MAX_LEVELS: Final = 8


@dataclass(frozen=True, slots=True)
class InterfaceBytes:
    """One level of interface bytes: TA, TB, TC where they are sent, and the protocol of the next level's TD where one follows."""

    a: int | None = None
    b: int | None = None
    c: int | None = None
    protocol: int | None = None

    def encode(self, *, last: bool) -> tuple[int, bytes]:
        """Presence bits for the byte before, and TA, TB, TC; the caller puts TD behind them.

        Raises:
            MalformedCardData: the last level names a protocol that nothing follows, or another one names none.
        """
        if last is not (self.protocol is None):
            raise MalformedCardData("ATR", "every level but the last names a protocol")
        present = [value is not None for value in (self.a, self.b, self.c, self.protocol)]
        bits = sum(0x10 << place for place, there in enumerate(present) if there)
        return bits, bytes(value for value in (self.a, self.b, self.c) if value is not None)


@dataclass(frozen=True, slots=True)
class AnswerToReset:
    """An ATR in its parts.

    Args:
        historical: up to 15 bytes.
        levels: interface bytes, at least one level (it may be empty).
        convention: 3B direct, 3F inverse.
    """

    historical: bytes
    levels: tuple[InterfaceBytes, ...] = (InterfaceBytes(),)
    convention: int = DIRECT

    @property
    def protocols(self) -> tuple[int, ...]:
        """Protocols that the card offers, first the default; T=0 when none is named, T=15 (global bytes) left out."""
        named = [level.protocol for level in self.levels if level.protocol is not None]
        offered = tuple(dict.fromkeys(protocol for protocol in named if protocol != 0x0F))  # noqa: PLR2004 - T=15
        return offered or (0,)

    @property
    def has_check(self) -> bool:
        """Whether TCK follows: whenever something else than T=0 is named."""
        return any(level.protocol not in {None, 0} for level in self.levels)

    @property
    def chip_serial(self) -> bytes:
        """The last 8 historical bytes: chip serial and first diversification factor.

        Raises:
            MalformedCardData: there are fewer.
        """
        if len(self.historical) < SERIAL_BYTES:
            raise MalformedCardData("ATR", f"{len(self.historical)} historical bytes, a chip serial has {SERIAL_BYTES}")
        return self.historical[-SERIAL_BYTES:]

    def encode(self) -> bytes:
        """The bytes that the card sends.

        Raises:
            MalformedCardData: more than 15 historical bytes, another convention, or levels that do not follow each other.
        """
        if len(self.historical) > 0x0F or self.convention not in {DIRECT, INVERSE}:  # noqa: PLR2004 - four bits
            raise MalformedCardData("ATR", "historical bytes or convention")
        if not 1 <= len(self.levels) <= MAX_LEVELS:
            raise MalformedCardData("ATR", f"{len(self.levels)} levels")
        low, body = len(self.historical), b""
        for number, level in enumerate(self.levels, 1):
            bits, sent = level.encode(last=number == len(self.levels))
            body += bytes((bits | low,)) + sent
            low = level.protocol or 0
        body += self.historical
        check = bytes((reduce(xor, body),)) if self.has_check else b""
        raw = bytes((self.convention,)) + body + check
        if len(raw) > MAX_BYTES:
            raise MalformedCardData("ATR", f"{len(raw)} bytes, at most {MAX_BYTES}")
        return raw

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read an ATR; the check byte is checked.

        Raises:
            MalformedCardData: cut short, too long, an unknown convention, or a wrong check byte.
        """
        if not MIN_BYTES <= len(data) <= MAX_BYTES or data[0] not in {DIRECT, INVERSE}:
            raise MalformedCardData("ATR", f"{len(data)} bytes, or an unknown first one")
        count, place, bits = data[1] & 0x0F, 2, data[1] >> 4
        levels: list[InterfaceBytes] = []
        for _ in range(MAX_LEVELS):
            size = bits.bit_count()
            sent = iter(_part(data, place, size))
            a, b, c, d = (next(sent) if bits & 1 << bit else None for bit in range(4))
            place += size
            levels.append(InterfaceBytes(a, b, c, None if d is None else d & 0x0F))
            if d is None:
                break
            bits = d >> 4
        else:
            raise MalformedCardData("ATR", f"more than {MAX_LEVELS} levels")
        read = cls(_part(data, place, count), tuple(levels), data[0])
        _require_check(data, place + count, there=read.has_check)
        return read


def _part(data: bytes, start: int, length: int) -> bytes:
    part = data[start : start + length]
    if len(part) != length:
        raise MalformedCardData("ATR", "is cut short")
    return part


def _require_check(data: bytes, end: int, *, there: bool) -> None:
    if len(data) != end + there:
        raise MalformedCardData("ATR", f"{len(data)} bytes, must be {end + there}")
    if there and reduce(xor, data[1:]):
        raise MalformedCardData("ATR", "the check byte is wrong")


def chip_serial_of(atr: bytes) -> bytes:
    """The chip serial of a card by its ATR, 8 bytes.

    Raises:
        MalformedCardData: not an ATR, or one without a serial.
    """
    return AnswerToReset.decode(atr).chip_serial
