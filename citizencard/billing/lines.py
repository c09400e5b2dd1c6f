"""Reading a file of bills: its lines one by one, each one a bill or a reject that says which field is wrong and why (README.md here)."""

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as hidden
from datetime import date
from enum import StrEnum
from typing import Final

from citizencard.billing.errors import BillFileUnusable
from citizencard.billing.models import MAX_CUSTOMER_NUMBER_DIGITS, MAX_SERIAL_CHARACTERS
from citizencard.tariffs.utilities import MAX_UNITS

HEADER: Final = ("serial", "customer_number", "period_from", "period_to", "quantity", "amount_fen", "due_on")
MAX_FILE_BYTES: Final = 8 * 2**20
MAX_LINES: Final = 50_000
MAX_LINE_BYTES: Final = 500
MAX_RAW_CHARACTERS: Final = 200
MAX_PERIOD_DAYS: Final = 366
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_SERIAL: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_SERIAL_CHARACTERS - 1}}}")
CUSTOMER_NUMBER: Final = re.compile(rf"[0-9]{{1,{MAX_CUSTOMER_NUMBER_DIGITS}}}")
_WHOLE: Final = re.compile(r"[0-9]{1,12}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Reason(StrEnum):
    """Why a line was refused."""

    LINE_TOO_LONG = "line_too_long"
    ENCODING = "encoding"
    CONTROL_CHARACTER = "control_character"
    MALFORMED = "malformed"
    FIELD_COUNT = "field_count"
    FORMAT = "format"
    NO_SUCH_DATE = "no_such_date"
    OUT_OF_RANGE = "out_of_range"
    BEFORE_PERIOD = "before_period"
    PERIOD_TOO_LONG = "period_too_long"
    SERIAL_TWICE = "serial_twice"
    NO_TARIFF = "no_tariff"
    NOT_PRICEABLE = "not_priceable"
    AMOUNT_DIFFERS = "amount_differs"
    PAID_ALREADY = "paid_already"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that was refused: its number in the file (the header is 1), the field ("" for the whole line), why, and what it said.

    `raw` is at most 200 characters, with every control character and every byte that is no UTF-8 replaced.
    """

    line: int
    field: str
    reason: Reason
    raw: str = hidden(repr=False)


@dataclass(frozen=True, slots=True)
class BillContent:
    """What a line says about the bill of its serial; two lines of one content are the same bill."""

    customer_number: str = hidden(repr=False)
    period_from: date
    period_to: date
    quantity: int
    amount_fen: int
    due_on: date


@dataclass(frozen=True, slots=True)
class BillLine:
    """A line of good form."""

    line: int
    serial: str
    content: BillContent
    raw: str = hidden(repr=False)

    def reject(self, wrong: str, reason: Reason) -> Reject:
        """Refuse it for what a field says."""
        return Reject(self.line, wrong, reason, self.raw)


class _Wrong(Exception):
    """Not a refusal: carries the place of a fault out of the fields' reader, and never leaves this module."""

    def __init__(self, name: str, reason: Reason) -> None:
        super().__init__(name)
        self.name, self.reason = name, reason


def read_file(raw: bytes) -> Iterator[BillLine | Reject]:
    """Every line of a file that is not blank, below its header, in order.

    UTF-8 with or without a byte order mark, lines ended by LF or CR LF, fields as RFC 4180 without line breaks inside of them.

    Raises:
        BillFileUnusable: too large, too many lines, another encoding, or another header; nothing can be made of the file.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise BillFileUnusable(f"at most {MAX_FILE_BYTES} bytes", reason="too_large")
    if raw.startswith(_OTHER_BOMS):
        raise BillFileUnusable("UTF-16 or UTF-32; send UTF-8", reason="encoding")
    if raw.count(b"\n") > MAX_LINES + 1:
        raise BillFileUnusable(f"at most {MAX_LINES} lines", reason="too_many_lines")
    first, *others = raw.removeprefix(_BOM).split(b"\n")
    if first.removesuffix(b"\r") != ",".join(HEADER).encode():
        raise BillFileUnusable(f"the first line must be {','.join(HEADER)}", reason="header")
    return (_line(number, line.removesuffix(b"\r")) for number, line in enumerate(others, 2) if line.strip())


def raw_lines(raw: bytes) -> dict[int, str]:
    """What the lines of a usable file say, by their number; the header is 1."""
    return {number: printable(line.removesuffix(b"\r")) for number, line in enumerate(raw.split(b"\n"), 1)}


def printable(raw: bytes) -> str:
    """What a line said, fit for a report: cut at 200 characters, without anything that a terminal or a database would act on."""
    text = raw[: MAX_RAW_CHARACTERS * 4].decode(errors="replace")[:MAX_RAW_CHARACTERS]
    return "".join(REPLACEMENT if _is_control(character) else character for character in text)


def _is_control(character: str) -> bool:
    # Cc: control; Cf: format, such as one that turns the direction of writing; Zl, Zp: line ends that are none to us.
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")


def _line(number: int, raw: bytes) -> BillLine | Reject:
    try:
        serial, content = _fields(_values(raw))
    except _Wrong as wrong:
        return Reject(number, wrong.name, wrong.reason, printable(raw))
    return BillLine(number, serial, content, printable(raw))


def _values(raw: bytes) -> dict[str, str]:
    if len(raw) > MAX_LINE_BYTES:
        raise _Wrong("", Reason.LINE_TOO_LONG)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise _Wrong("", Reason.ENCODING) from None
    if any(_is_control(character) for character in text):
        raise _Wrong("", Reason.CONTROL_CHARACTER)
    try:
        values = next(csv.reader([text], strict=True))
    except csv.Error:
        raise _Wrong("", Reason.MALFORMED) from None
    if len(values) != len(HEADER):
        raise _Wrong("", Reason.FIELD_COUNT)
    return dict(zip(HEADER, values, strict=True))


def _fields(values: dict[str, str]) -> tuple[str, BillContent]:
    if not _SERIAL.fullmatch(values["serial"]):
        raise _Wrong("serial", Reason.FORMAT)
    if not CUSTOMER_NUMBER.fullmatch(values["customer_number"]):
        raise _Wrong("customer_number", Reason.FORMAT)
    content = BillContent(
        customer_number=values["customer_number"],
        period_from=_day(values, "period_from"),
        period_to=_day(values, "period_to"),
        quantity=_whole(values, "quantity", 0, MAX_UNITS),
        amount_fen=_whole(values, "amount_fen", 1, 10**12),
        due_on=_day(values, "due_on"),
    )
    if content.period_to < content.period_from:
        raise _Wrong("period_to", Reason.BEFORE_PERIOD)
    if (content.period_to - content.period_from).days >= MAX_PERIOD_DAYS:
        raise _Wrong("period_to", Reason.PERIOD_TOO_LONG)
    if content.due_on < content.period_from:
        raise _Wrong("due_on", Reason.BEFORE_PERIOD)
    return values["serial"], content


def _day(values: dict[str, str], name: str) -> date:
    if not _DAY.fullmatch(values[name]):
        raise _Wrong(name, Reason.FORMAT)
    try:
        day = date.fromisoformat(values[name])
    except ValueError:
        raise _Wrong(name, Reason.NO_SUCH_DATE) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _Wrong(name, Reason.OUT_OF_RANGE)
    return day


def _whole(values: dict[str, str], name: str, least: int, most: int) -> int:
    if not _WHOLE.fullmatch(values[name]):
        raise _Wrong(name, Reason.FORMAT)
    number = int(values[name])
    if not least <= number <= most:
        raise _Wrong(name, Reason.OUT_OF_RANGE)
    return number
