"""Bytes of a device table, read in order; every value is named, so that a fault can be found in a dump."""

from dataclasses import dataclass
from datetime import date
from typing import Final, NoReturn, TypeVar

from hardware.card.bcd import day_from_bcd
from hardware.errors import MalformedCardData
from hardware.terminal.errors import DeviceTableInvalid

NO_LIMIT_BYTES: Final = 8
NO_LIMIT: Final = 2 ** (8 * NO_LIMIT_BYTES) - 1
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Item = TypeVar("Item")


@dataclass(slots=True)
class Field:
    """A field that was read: number of its first byte, bytes, name, and what they mean where that is not a number of bytes."""

    offset: int
    octets: bytes
    name: str
    value: str = ""

    def __str__(self) -> str:
        value = f" = {self.value}" if self.value else ""
        return f"{self.offset:04X}  {self.octets.hex().upper():<16}  {self.name}{value}"


class Cursor:
    """A place in the bytes, which moves forwards and never beyond the end of the rules.

    Args:
        raw: the whole table.
        at: first byte.
        end: first byte that is not read.
        fields: where every field is noted; None: nowhere.
    """

    def __init__(self, raw: bytes, at: int, end: int, fields: list[Field] | None = None) -> None:
        self._raw = raw
        self._end = end
        self.at = at
        self._began = at
        self._fields = fields

    def refuse(self, field: str, reason: str) -> NoReturn:
        """Name what was read last as wrong.

        Raises:
            DeviceTableInvalid: always.
        """
        raise DeviceTableInvalid(self._began, field, reason)

    def take(self, octets: int, field: str) -> bytes:
        """The next bytes.

        Raises:
            DeviceTableInvalid: the table ends before.
        """
        self._began = self.at
        if self.at + octets > self._end:
            self.refuse(field, f"needs {octets} bytes, only {self._end - self.at} are left")
        self.at += octets
        found = self._raw[self._began : self.at]
        if self._fields is not None and octets:
            self._fields.append(Field(self._began, found, field))
        return found

    def note(self, value: str) -> None:
        """Say what the bytes read last mean."""
        if self._fields:
            self._fields[-1].value = value

    def number(self, octets: int, field: str, most: int | None = None, least: int = 0) -> int:
        """The next unsigned big-endian number.

        Raises:
            DeviceTableInvalid: it is out of bounds, or the table ends before.
        """
        found = int.from_bytes(self.take(octets, field))
        if found < least or (most is not None and found > most):
            bounds = f"at least {least}" if most is None else f"{least} to {most}"
            self.refuse(field, f"{found} is out of bounds, must be {bounds}")
        self.note("none" if octets == NO_LIMIT_BYTES and found == NO_LIMIT else str(found))
        return found

    def flags(self, octets: int, field: str, known: int) -> int:
        """The next bit field; a bit that this terminal does not know may change the price."""
        found = int.from_bytes(self.take(octets, field))
        if found & ~known:
            self.refuse(field, f"bits {found & ~known:#x} are not known")
        self.note(f"{found:#04x}")
        return found

    def zeros(self, octets: int, field: str) -> None:
        """Bytes kept for later; a table that uses them needs a newer terminal."""
        if any(self.take(octets, field)):
            self.refuse(field, "must be zeros")

    def day(self, field: str) -> date:
        """The next date, 4 BCD bytes YYYYMMDD."""
        try:
            return day_from_bcd(self.take(4, field))
        except MalformedCardData:
            self.refuse(field, "is no date")

    def day_of_year(self, field: str) -> tuple[int, int]:
        """The next month and day, one byte each."""
        month, day = self.take(2, field)
        if not 1 <= month <= len(_MONTH_DAYS) or not 1 <= day <= _MONTH_DAYS[month - 1]:
            self.refuse(field, f"{month:02}-{day:02} is no day of a year")
        return month, day

    def text(self, field: str) -> str:
        """The next name: its length in one byte, then printable ASCII."""
        encoded = self.take(self.number(1, f"length of {field}", least=1), field)
        if not encoded.isascii() or not encoded.decode("ascii").isprintable():
            self.refuse(field, "must be printable ASCII")
        self.note(encoded.decode("ascii"))
        return encoded.decode("ascii")

    def one_of(self, pool: tuple[Item, ...], field: str) -> Item:
        """The entry of a section before that the next two bytes number, from 1."""
        return pool[self.number(2, field, most=len(pool), least=1) - 1]

    def one_or_none(self, pool: tuple[Item, ...], field: str) -> Item | None:
        """The same, or None for 0."""
        number = self.number(2, field, most=len(pool))
        return pool[number - 1] if number else None
