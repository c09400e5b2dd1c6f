"""Bytes of a device table, read in order, each with its name and place."""

from datetime import date

import pytest

from hardware.terminal.errors import DeviceTableInvalid
from hardware.terminal.fares_bytes import Cursor, Field


def over(octets: str) -> Cursor:
    raw = bytes.fromhex(octets)
    return Cursor(raw, 0, len(raw))


def test_values_are_read_in_order_and_noted() -> None:
    """Numbers, flags, dates, names and references, as the layout has them; a dump shows each with its place."""
    raw = bytes.fromhex("010203000020261001021d0361626300020000")
    noted: list[Field] = []
    cursor = Cursor(raw, 0, len(raw), noted)
    assert cursor.number(2, "number") == 0x0102
    assert cursor.flags(1, "flags", known=3) == 3
    cursor.zeros(2, "reserve")
    assert cursor.day("date") == date(2026, 10, 1)
    assert cursor.day_of_year("day") == (2, 29)
    assert cursor.text("name") == "abc"
    assert cursor.one_of(("a", "b"), "reference") == "b"
    assert cursor.one_or_none(("a", "b"), "no reference") is None
    assert [str(field) for field in noted][:3] == [
        "0000  0102              number = 258",
        "0002  03                flags = 0x03",
        "0003  0000              reserve",
    ]
    assert b"".join(field.octets for field in noted) == raw


@pytest.mark.parametrize(
    ("octets", "read", "said"),
    [
        ("01", lambda c: c.number(2, "x"), "needs 2 bytes, only 1 are left"),
        ("05", lambda c: c.number(1, "x", most=4), "5 is out of bounds, must be 0 to 4"),
        ("00", lambda c: c.number(1, "x", least=1), "must be at least 1"),
        ("04", lambda c: c.flags(1, "x", known=3), "bits 0x4 are not known"),
        ("0001", lambda c: c.zeros(2, "x"), "must be zeros"),
        ("20261301", lambda c: c.day("x"), "is no date"),
        ("2026ab01", lambda c: c.day("x"), "is no date"),
        ("0d01", lambda c: c.day_of_year("x"), "no day of a year"),
        ("021e", lambda c: c.day_of_year("x"), "no day of a year"),
        ("00", lambda c: c.text("x"), "out of bounds"),
        ("01e4", lambda c: c.text("x"), "printable ASCII"),
        ("0003", lambda c: c.one_of(("a", "b"), "x"), "1 to 2"),
        ("0003", lambda c: c.one_or_none(("a", "b"), "x"), "0 to 2"),
    ],
)
def test_what_is_wrong_is_named(octets: str, read: object, said: str) -> None:
    """Whoever builds tables finds the byte."""
    assert callable(read)
    with pytest.raises(DeviceTableInvalid, match=said) as raised:
        read(over(octets))
    assert raised.value.offset in {0, 1}
    assert raised.value.field.endswith("x")
