"""The device table, read from its bytes: as the page says, or refused with place and field."""

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hardware.card.bcd import BEIJING
from hardware.terminal.errors import DeviceTableInvalid, DeviceTableNotInForce, RideNotPriced, StayNotPriced
from hardware.terminal.fares import DeviceTable, Ride, price, quote
from hardware.terminal.fares_bytes import Field
from hardware.terminal.fares_layout import read_rules
from hardware.terminal.fares_parking import Stay
from tests.hardware.terminal.published import CONDITIONS, DISTANCE, FLAT, Example, changed, sealed

MORNING = datetime(2026, 11, 21, 8, tzinfo=BEIJING)


@pytest.mark.parametrize("published", [FLAT, DISTANCE, CONDITIONS])
def test_the_published_bytes_are_read_as_the_page_says(published: Example) -> None:
    """Whoever builds a device from the page reads the same fields at the same places with the same values."""
    fields: list[Field] = []
    read_rules(published.table, fields)
    assert [str(field) for field in fields] == published.fields
    assert b"".join(field.octets for field in fields) == published.table


@pytest.mark.parametrize(
    ("offset", "octets", "field", "said"),
    [
        (0x00, "43435432", "magic", "not that of a device table"),
        (0x04, "02", "layout", "2 is not known, must be 1"),
        (0x05, "01", "flags", "zeros"),
        (0x06, "0080", "size of the header", "is 128"),
        (0x08, "000000C2", "size of the table", "is 194"),
        (0x0C, "00000000", "tariff version", "out of bounds"),
        (0x14, "7FFF", "offset from UTC", "32767 minutes"),
        (0x16, "636E79", "currency", "capital letters"),
        (0x19, "04", "decimals of the currency", "out of bounds"),
        (0x1A, "04", "rounding", "out of bounds"),
        (0x1C, "00000000", "rounding step", "out of bounds"),
        (0x30, "0002", "number of entries", "1 rule for companions"),
        (0x3F, "01", "reserve", "zeros"),
        (0x40, "FFFF", "class set, number", "out of bounds"),
        (0x46, "06", "fare, kind", "out of bounds"),
        (0x47, "04", "fare, flags", "0x4 are not known"),
        (0x48, "0001", "fare, top", "must be zeros"),
        (0x54, "0000", "line, last", "out of bounds"),
        (0x56, "0010", "line, flags", "0x10 are not known"),
        (0x58, "0002", "line, fare", "1 to 1"),
        (0x63, "01", "class", "must rise"),
        (0x5E, "61646D0A74", "name of the class", "printable ASCII"),
        (0x73, "04", "rule, kind of reduction", "out of bounds"),
        (0x78, "00000008", "denominator", "below the numerator"),
        (0x87, "00000000", "denominator", "at least 1"),
        (0x8B, "40", "transfer, flags", "0x40 are not known"),
        (0x8C, "05A1", "transfer, minutes", "1 to 1440"),
        (0x9B, "00000001", "rule, reserve", "zeros"),
        (0x9F, "0001", "transfer, condition of a window", "only 0 are left"),
    ],
)
def test_a_table_that_is_not_understood_is_refused(offset: int, octets: str, field: str, said: str) -> None:
    """A device works with a table it understands entirely, or with none; the message names place and field."""
    with pytest.raises(DeviceTableInvalid, match=said) as raised:
        DeviceTable.parse(changed(FLAT.table, offset, octets))
    assert raised.value.field.startswith(field)


def test_a_cut_or_changed_table_is_refused() -> None:
    """A torn download never becomes a fare."""
    for length in range(len(FLAT.table)):
        with pytest.raises(DeviceTableInvalid):
            DeviceTable.parse(FLAT.table[:length])
    flipped = bytearray(FLAT.table)
    flipped[0x51] ^= 1
    with pytest.raises(DeviceTableInvalid, match="SHA-256"):
        DeviceTable.parse(bytes(flipped))
    longer = bytearray(FLAT.table[:-32] + b"\x00")
    longer[8:12] = (len(FLAT.table) + 1).to_bytes(4)
    with pytest.raises(DeviceTableInvalid, match="belong to nothing"):
        DeviceTable.parse(sealed(bytes(longer)))


_CHANGES = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([FLAT.table, DISTANCE.table]), _CHANGES, st.integers(0, 3))
@example(FLAT.table, [(0, 0)], 3)
def test_whatever_the_bytes_the_answer_is_a_table_or_a_refusal(
    table: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    """Nobody can make a device fall over with a table, not even with a digest that fits; what it takes it can price."""
    body = bytearray(table[: -32 - cut])
    for offset, octet in changes:
        if not 4 <= offset < 12:
            body[offset % len(body)] = octet
    body[8:12] = (len(body) + 32).to_bytes(4)
    read = table_or_none(sealed(bytes(body)))
    if read is None:
        return
    journey = (MORNING, None, MORNING + timedelta(hours=1), 7_000_000)
    for line, card_class in product(list(read.rules.lines)[:3], read.rules.classes):
        with suppress(RideNotPriced, DeviceTableNotInForce):
            fare = price(read, Ride(line, card_class, *journey))
            assert 0 <= fare.price_fen <= fare.base_fen
    for lot in read.rules.lots:
        with suppress(StayNotPriced, DeviceTableNotInForce):
            assert quote(read, Stay(lot, MORNING, MORNING + timedelta(hours=30))).price_fen >= 0


def table_or_none(raw: bytes) -> DeviceTable | None:
    """The table; None when it is refused, with a place that is there."""
    try:
        return DeviceTable.parse(raw)
    except DeviceTableInvalid as refused:
        offset = refused.offset
    assert 0 <= offset <= len(raw)
    return None


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_noise_is_no_table(noise: bytes) -> None:
    """Nor is anything that happens to arrive."""
    with pytest.raises(DeviceTableInvalid):
        DeviceTable.parse(noise)
