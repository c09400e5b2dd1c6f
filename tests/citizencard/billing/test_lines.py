"""Reading files of bills."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.billing.errors import BillFileUnusable
from citizencard.billing.lines import (
    HEADER,
    MAX_FILE_BYTES,
    MAX_LINES,
    MAX_RAW_CHARACTERS,
    BillLine,
    Reason,
    Reject,
    printable,
    read_file,
)
from tests.citizencard.billing.make_bills import HOUSE, file_of, row

ARABIC_DIGITS = "\u0661\u0662"


def only(raw: bytes) -> BillLine | Reject:
    (found,) = read_file(raw)
    return found


@pytest.mark.parametrize(
    "raw",
    [
        file_of(row()),
        file_of(row(), end="\r\n"),
        b"\xef\xbb\xbf" + file_of(row()),
        file_of(row()).rstrip(),
        file_of("", row(), "   ", ""),
        file_of(row().replace(HOUSE, f'"{HOUSE}"')),
    ],
)
def test_good_file_is_read_however_its_program_ends_lines(raw: bytes) -> None:
    """Files from Windows, from spreadsheets and from Unix say the same."""
    found = only(raw)
    assert isinstance(found, BillLine)
    assert (found.serial, found.content.customer_number, found.content.quantity) == ("W1", HOUSE, 18)
    assert (found.content.amount_fen, found.content.due_on) == (4_950, date(2026, 12, 15))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "header"),
        (b"\n" + row().encode(), "header"),
        (row().encode(), "header"),
        (file_of(row(), header="serial;customer_number"), "header"),
        (file_of(row(), header=",".join(reversed(HEADER))), "header"),
        (file_of(row(), header=f"{','.join(HEADER)},note"), "header"),
        (file_of(row()).replace(b"\n", b"\r"), "header"),
        (file_of(row()).decode().encode("utf-16"), "encoding"),
        (file_of(row()).decode().encode("utf-16-be"), "header"),
        (file_of() + b"\n" * (MAX_LINES + 1), "too_many_lines"),
        (file_of() + b"x" * MAX_FILE_BYTES, "too_large"),
    ],
)
def test_file_that_is_no_file_of_bills_is_refused_whole(raw: bytes, reason: str) -> None:
    """The wrong file by mistake changes nothing and says what is wrong with it."""
    with pytest.raises(BillFileUnusable) as refusal:
        read_file(raw)
    assert refusal.value.public_fields() == {"reason": reason}


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (row(serial=""), "serial", Reason.FORMAT),
        (row(serial="=1+1"), "serial", Reason.FORMAT),
        (row(serial="-1"), "serial", Reason.FORMAT),
        (row(serial="W" * 33), "serial", Reason.FORMAT),
        (row(serial="水1"), "serial", Reason.FORMAT),
        (row(customer_number="1" * 21), "customer_number", Reason.FORMAT),
        (row(customer_number="A1"), "customer_number", Reason.FORMAT),
        (row(customer_number=ARABIC_DIGITS), "customer_number", Reason.FORMAT),
        (row(period_from="2026-02-29"), "period_from", Reason.NO_SUCH_DATE),
        (row(period_from="2026-13-01"), "period_from", Reason.NO_SUCH_DATE),
        (row(period_to="2026-10-32"), "period_to", Reason.NO_SUCH_DATE),
        (row(period_from="2026/10/01"), "period_from", Reason.FORMAT),
        (row(period_from="1999-12-31"), "period_from", Reason.OUT_OF_RANGE),
        (row(due_on="9999-12-31"), "due_on", Reason.OUT_OF_RANGE),
        (row(period_to="2026-09-30"), "period_to", Reason.BEFORE_PERIOD),
        (row(due_on="2026-09-30"), "due_on", Reason.BEFORE_PERIOD),
        (row(period_from="2025-10-01", period_to="2026-10-02"), "period_to", Reason.PERIOD_TOO_LONG),
        (row(quantity="18.0"), "quantity", Reason.FORMAT),
        (row(quantity="-1"), "quantity", Reason.FORMAT),
        (row(quantity="1e3"), "quantity", Reason.FORMAT),
        (row(quantity="1000001"), "quantity", Reason.OUT_OF_RANGE),
        (row(amount_fen="49.50"), "amount_fen", Reason.FORMAT),
        (row(amount_fen="0"), "amount_fen", Reason.OUT_OF_RANGE),
        (row(amount_fen="9" * 400), "amount_fen", Reason.FORMAT),
        (row() + ",", "", Reason.FIELD_COUNT),
        ("W1", "", Reason.FIELD_COUNT),
        ('"W1', "", Reason.MALFORMED),
        ('"W"1,2', "", Reason.MALFORMED),
        (row() + "\0", "", Reason.CONTROL_CHARACTER),
        (row() + "\x1b[2J", "", Reason.CONTROL_CHARACTER),
        (row() + "\u202e", "", Reason.CONTROL_CHARACTER),
        (row() + "\u2028", "", Reason.CONTROL_CHARACTER),
        (row() + "x" * 500, "", Reason.LINE_TOO_LONG),
    ],
)
def test_bad_line_says_which_field_and_why(line: str, field: str, reason: Reason) -> None:
    """The utility's clerk mends the file without asking us what was meant; the lines around it are taken."""
    first, found, last = read_file(file_of(row("A"), line, row("B")))
    assert isinstance(first, BillLine)
    assert isinstance(last, BillLine)
    assert isinstance(found, Reject)
    assert (found.line, found.field, found.reason) == (3, field, reason)


def test_line_in_another_encoding_is_rejected_alone() -> None:
    """One line from an old program in GBK does not hold the others up."""
    good, bad = read_file(file_of(row()) + "W2,水费".encode("gbk"))
    assert isinstance(good, BillLine)
    assert isinstance(bad, Reject)
    assert (bad.reason, bad.raw[:3]) == (Reason.ENCODING, "W2,")


@given(st.binary(max_size=2_000))
def test_what_a_line_said_can_always_be_shown(raw: bytes) -> None:
    """Nothing in a file can act on the clerk's screen or on the database."""
    shown = printable(raw)
    assert len(shown) <= MAX_RAW_CHARACTERS
    assert shown.isprintable() or all(
        character.isprintable() or character == "\u3000" or ord(character) > 127 for character in shown
    )
    assert "\0" not in shown
    shown.encode()


@given(
    st.lists(
        st.one_of(st.binary(max_size=120), st.just(row().encode()), st.text(max_size=80).map(str.encode)), max_size=20
    )
)
def test_every_line_is_a_bill_or_a_reject(lines: list[bytes]) -> None:
    """No line is lost, whatever is in it."""
    raw = file_of() + b"\n".join(lines)
    wanted = [line for line in raw.split(b"\n")[1:] if line.strip()]
    found = list(read_file(raw))
    assert len(found) == len(wanted)
    assert [one.line for one in found] == sorted({one.line for one in found})
