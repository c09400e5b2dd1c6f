"""Reading a file of opening balances: its lines one by one, each one an account with a balance or a reject that says what is wrong.

CSV, UTF-8 with or without a byte order mark, lines ended by LF or CR LF, header `account,balance_fen`. The balance is in whole fen on the
normal side of the account's type: money in the bank and money owed to a resident are both above zero.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from citizencard.chart import EQUITY_OPENING, UnknownAccountPattern, row_of
from citizencard.settlement.errors import OpeningFileUnusable
from ledger.models import BIGGEST_AMOUNT_FEN

HEADER: Final = "account,balance_fen"
MAX_FILE_BYTES: Final = 32 * 2**20
MAX_LINES: Final = 200_000
MAX_LINE_BYTES: Final = 200

_BOM: Final = b"\xef\xbb\xbf"
_BALANCE: Final = re.compile(r"-?[0-9]{1,17}")


class Reason(StrEnum):
    """Why a line was refused."""

    LINE_TOO_LONG = "line_too_long"
    ENCODING = "encoding"
    FIELD_COUNT = "field_count"
    FORMAT = "format"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_PATTERN = "unknown_account_pattern"
    COUNTERPART = "counterpart"
    ACCOUNT_TWICE = "account_twice"
    REFERENCE_TOO_LONG = "reference_too_long"
    BELOW_FLOOR = "below_floor"
    CLOSED = "account_closed"
    MOVED_ALREADY = "moved_already"
    NAME_REUSED = "name_reused"


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that was refused: its number in the file (the header is 1), the field ("" for the whole line), and why."""

    line: int
    field: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """An account of the chart and what it holds, in fen on its normal side."""

    line: int
    account: str
    balance_fen: int


def read_file(raw: bytes) -> Iterator[OpeningLine | Reject]:
    """Every line of a file that is not blank, below its header, in order. An account may stand in it once.

    Raises:
        OpeningFileUnusable: too large, too many lines, or another header; nothing can be made of the file.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise OpeningFileUnusable(f"at most {MAX_FILE_BYTES} bytes", reason="too_large")
    if raw.count(b"\n") > MAX_LINES + 1:
        raise OpeningFileUnusable(f"at most {MAX_LINES} lines", reason="too_many_lines")
    first, *others = raw.removeprefix(_BOM).split(b"\n")
    if first.removesuffix(b"\r") != HEADER.encode():
        raise OpeningFileUnusable(f"the first line must be {HEADER}", reason="header")
    return _lines(others)


def _lines(raw_lines: list[bytes]) -> Iterator[OpeningLine | Reject]:
    seen: set[str] = set()
    for number, raw in enumerate(raw_lines, 2):
        if not raw.strip():
            continue
        read = _line(number, raw.removesuffix(b"\r"))
        if isinstance(read, OpeningLine):
            if read.account in seen:
                read = Reject(number, "account", Reason.ACCOUNT_TWICE)
            else:
                seen.add(read.account)
        yield read


def _line(number: int, raw: bytes) -> OpeningLine | Reject:
    if len(raw) > MAX_LINE_BYTES:
        return Reject(number, "", Reason.LINE_TOO_LONG)
    if not raw.isascii():
        return Reject(number, "", Reason.ENCODING)
    # Neither a code nor a number can hold a comma, so that nothing is ever in quotes.
    account, comma, balance = raw.decode().partition(",")
    if not comma or "," in balance:
        return Reject(number, "", Reason.FIELD_COUNT)
    if fault := _account_fault(account):
        return Reject(number, "account", fault)
    if fault := _balance_fault(balance):
        return Reject(number, "balance_fen", fault)
    return OpeningLine(number, account, int(balance))


def _account_fault(account: str) -> Reason | None:
    try:
        row_of(account)
    except UnknownAccountPattern:
        return Reason.UNKNOWN_PATTERN
    return Reason.COUNTERPART if account == EQUITY_OPENING else None


def _balance_fault(balance: str) -> Reason | None:
    if not _BALANCE.fullmatch(balance):
        return Reason.FORMAT
    return Reason.OUT_OF_RANGE if abs(int(balance)) > BIGGEST_AMOUNT_FEN else None
