"""Reading files of opening balances."""

import pytest

from citizencard.settlement.errors import OpeningFileUnusable
from citizencard.settlement.opening_file import (
    HEADER,
    MAX_FILE_BYTES,
    MAX_LINES,
    OpeningLine,
    Reason,
    Reject,
    read_file,
)


def read(*lines: str, header: str = HEADER) -> list[OpeningLine | Reject]:
    return list(read_file("\n".join((header, *lines)).encode()))


def test_lines_are_accounts_with_balances() -> None:
    """Money in the bank and money owed are both above zero; a purse may be below."""
    assert read("bank:custody,10000", "purse:card_1,-180", "", "wallet:a1,0") == [
        OpeningLine(2, "bank:custody", 10_000),
        OpeningLine(3, "purse:card_1", -180),
        OpeningLine(5, "wallet:a1", 0),
    ]


def test_files_of_spreadsheets_are_read() -> None:
    """Excel's byte order mark and line ends are no fault of the accountant."""
    assert list(read_file(b"\xef\xbb\xbfaccount,balance_fen\r\nbank:own,1\r\n")) == [OpeningLine(2, "bank:own", 1)]


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("bank:own", "", Reason.FIELD_COUNT),
        ("bank:own,1,2", "", Reason.FIELD_COUNT),
        ("bänk,1", "", Reason.ENCODING),
        ("bank:own," + "1" * 200, "", Reason.LINE_TOO_LONG),
        ("bank:unknown,1", "account", Reason.UNKNOWN_PATTERN),
        ("bank:own ,1", "account", Reason.UNKNOWN_PATTERN),
        (",1", "account", Reason.UNKNOWN_PATTERN),
        ("equity:opening,1", "account", Reason.COUNTERPART),
        ("bank:own,", "balance_fen", Reason.FORMAT),
        ("bank:own,1.00", "balance_fen", Reason.FORMAT),
        ("bank:own,+1", "balance_fen", Reason.FORMAT),
        ("bank:own,1e3", "balance_fen", Reason.FORMAT),
        ("bank:own, 1", "balance_fen", Reason.FORMAT),
        ("bank:own,'-1", "balance_fen", Reason.FORMAT),
        (f"bank:own,{2**53 + 1}", "balance_fen", Reason.OUT_OF_RANGE),
        (f"bank:own,-{2**53 + 1}", "balance_fen", Reason.OUT_OF_RANGE),
    ],
)
def test_fault_is_named_by_line_field_and_reason(line: str, field: str, reason: Reason) -> None:
    """Whoever prepared the file finds what to mend."""
    assert read("till:1,5", line) == [OpeningLine(2, "till:1", 5), Reject(3, field, reason)]


def test_account_stands_in_a_file_once() -> None:
    """Two balances for one account are not added up and none of them is chosen silently."""
    assert read("till:1,5", "till:1,5") == [OpeningLine(2, "till:1", 5), Reject(3, "account", Reason.ACCOUNT_TWICE)]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "header"),
        (b"account,balance\n", "header"),
        (b"PK\x03\x04", "header"),
        (HEADER.encode() + b"\n" * (MAX_LINES + 2), "too_many_lines"),
        (b"x" * (MAX_FILE_BYTES + 1), "too_large"),
    ],
)
def test_other_files_are_refused_as_a_whole(raw: bytes, reason: str) -> None:
    """A wrong file is told from one with faults."""
    with pytest.raises(OpeningFileUnusable) as refused:
        read_file(raw)
    assert refused.value.public_fields() == {"reason": reason}
