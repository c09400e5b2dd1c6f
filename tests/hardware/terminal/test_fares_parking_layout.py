"""Lots in a device table: what is not understood is refused."""

import pytest

from hardware.terminal.errors import DeviceTableInvalid
from hardware.terminal.fares_bytes import Cursor
from hardware.terminal.fares_parking import Lot, Part, Period
from hardware.terminal.fares_parking_layout import read_lot

# flags 12 (most, steps go on), 24 hours, 30 min free, no free period, half up to 1, most 40.00, 2 vehicles, 1 charge
HEAD = "1801001E00000000000100000FA0020161016201"
# always, the second vehicle, steps, parts free, most 9.00, 2 steps
CHARGE = "0000000000020101010000038400000000000002003C001E000001F40000003C00000064"


def read(octets: str) -> Lot:
    raw = bytes.fromhex(octets)
    cursor = Cursor(raw, 0, len(raw))
    lot = read_lot(cursor, ())
    assert cursor.at == len(raw)
    return lot


def test_a_lot_is_read_as_published() -> None:
    """Each field at its place."""
    lot = read(HEAD + CHARGE)
    assert (lot.period, lot.steps_continue, lot.free_minutes, lot.most_fen) == (Period.DAY_FROM_ENTRY, True, 30, 4000)
    assert lot.vehicles == ("a", "b")
    assert lot.charges is not None
    (charge,) = lot.charges
    assert (charge.vehicles, charge.part, charge.most_fen, charge.long_stay) == (frozenset({1}), Part.FREE, 900, None)
    assert [(step.up_to_minutes, step.each_minutes, step.fen) for step in charge.steps] == [
        (60, 30, 500),
        (None, 60, 100),
    ]
    assert read("01").charges is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1801001E", "1901001E", "1 alone"),
        ("1801001E", "5801001E", "0x40"),
        ("1801001E", "1803001E", "lot, period"),
        ("1801001E", "0801001E", "most a period"),
        ("001E0000", "001E0100", "from 2 on"),
        ("00000FA002", "00000FA021", "number of vehicles"),
        ("020161", "020061", "lot, vehicle"),
        ("016201", "016200", "number of charges"),
        ("0000000201", "0000000401", "charge, vehicles"),
        ("0000000201", "0000000204", "charge, kind"),
        ("010100000384", "030100000384", "part of a step"),
        ("0000000002003C", "0000000102003C", "long stay"),
        ("003C001E", "0000001E", "without end"),
        ("003C001E", "003C0000", "minutes of a step"),
        ("0000003C00000064", "003C003C00000064", "without end"),
    ],
)
def test_a_lot_that_is_not_understood_is_refused(old: str, new: str, said: str) -> None:
    """A gate shows no price that it only half understood."""
    assert old in HEAD + CHARGE
    with pytest.raises(DeviceTableInvalid, match=said):
        read((HEAD + CHARGE).replace(old, new, 1))
