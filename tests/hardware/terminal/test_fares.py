"""Fares on the device: the published examples, what is refused, and bounds that hold for every table."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hardware.card.bcd import BEIJING
from hardware.terminal.errors import (
    DeviceTableInvalid,
    DeviceTableNotInForce,
    RideNotPriced,
    StayNotPriced,
    UnknownCardClass,
    UnknownLine,
)
from hardware.terminal.fares import Anchor, DeviceTable, Ride, price, quote
from hardware.terminal.fares_bytes import Field
from hardware.terminal.fares_layout import read_rules
from hardware.terminal.fares_parking import Stay
from hardware.terminal.fares_rules import How, Rounding
from tests.hardware.terminal.published import DISTANCE, FLAT, Example, changed, sealed

TABLE = DeviceTable.parse(FLAT.table)
METRO = DeviceTable.parse(DISTANCE.table)
MORNING = datetime(2026, 11, 21, 8, tzinfo=BEIJING)


def clock(text: str) -> datetime:
    return datetime.combine(MORNING.date(), datetime.strptime(text, "%H:%M:%S").time(), BEIJING)  # noqa: DTZ007 # zone is given


def anchor(text: str) -> Anchor | None:
    line, _, at = text.partition(", ")
    return Anchor(int(line), clock(at)) if line else None


@pytest.mark.parametrize("published", [FLAT, DISTANCE])
def test_the_published_bytes_are_read_as_the_page_says(published: Example) -> None:
    """Whoever builds a device from the page reads the same fields at the same places with the same values."""
    fields: list[Field] = []
    read_rules(published.table, fields)
    assert [str(field) for field in fields] == published.fields
    assert b"".join(field.octets for field in fields) == published.table


def test_rides_of_the_first_example_cost_what_the_page_says() -> None:
    """Price, base and what the card carries on, ride by ride; the display says why."""
    assert len(FLAT.rows) == 5
    for row in FLAT.rows:
        at = clock(row["at"])
        fare = price(TABLE, Ride(int(row["line"]), int(row["class"], 16), at, anchor(row["carries"])))
        assert (fare.base_fen, fare.price_fen) == (int(row["base"]), int(row["price"]))
        assert fare.next_anchor == anchor(row["carries on"])
        assert fare.may_fall == ()
    second = price(TABLE, Ride(2, 1, MORNING, Anchor(1, MORNING)))
    assert second.explanation == "line 2 ¥2.00, adult pays 9/10, transfer less ¥1.00: ¥0.80"


def test_rides_of_the_second_example_cost_what_the_page_says() -> None:
    """Metro by km: a begun step counts, too long inside is the top price; the cap of the day is the server's."""
    assert len(DISTANCE.rows) == 4
    for row in DISTANCE.rows:
        exit_at = MORNING + timedelta(minutes=int(row["minutes"]))
        whole, _, part = row["km"].partition(".")
        asked = Ride(1001, 1, MORNING, exit_at=exit_at, distance_mm=int(whole + part.ljust(6, "0")))
        fare = price(METRO, asked)
        assert (fare.base_fen, fare.price_fen) == (int(row["base"]), int(row["price"]))
        assert fare.next_anchor == Anchor(1001, exit_at)
        assert fare.may_fall == ("day_cap",)
        assert fare.explanation.endswith("final at the close of the day")


def test_stays_of_the_second_example_cost_what_the_page_says() -> None:
    """A gate that lost its line shows what the bill will say."""
    printed = re.search(r"Parking in `street` from 08:00: (.*)\.", DISTANCE.text)
    assert printed
    stays = re.findall(r"(\d+) minutes (\d+)", printed[1])
    assert len(stays) == 4
    for minutes, fen in stays:
        found = quote(METRO, Stay("street", MORNING, MORNING + timedelta(minutes=int(minutes))))
        assert (found.price_fen, found.may_fall) == (int(fen), False)
    overnight = quote(METRO, Stay("street", clock("20:40:00"), clock("21:20:00")))
    assert overnight.explanation == "street, 40 min: ¥5.00"


def test_what_is_not_in_the_table_has_no_price() -> None:
    """A device asks no invented fare: it says what is missing."""
    with pytest.raises(UnknownLine):
        price(TABLE, Ride(3, 1, MORNING))
    with pytest.raises(UnknownCardClass):
        price(TABLE, Ride(1, 2, MORNING))
    with pytest.raises(DeviceTableNotInForce):
        price(TABLE, Ride(1, 1, datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC)))
    with pytest.raises(RideNotPriced, match="exit lies"):
        price(METRO, Ride(1001, 1, MORNING, exit_at=MORNING - timedelta(seconds=1), distance_mm=1))
    with pytest.raises(RideNotPriced, match="1 more"):
        price(TABLE, Ride(1, 1, MORNING, persons=2))
    with pytest.raises(RideNotPriced, match="nobody"):
        price(TABLE, Ride(1, 1, MORNING, persons=0))
    with pytest.raises(StayNotPriced, match="not in the device table"):
        quote(METRO, Stay("yard", MORNING, MORNING))
    with pytest.raises(StayNotPriced, match="32 days"):
        quote(METRO, Stay("street", MORNING, MORNING + timedelta(days=32)))
    with pytest.raises(DeviceTableNotInForce):
        quote(METRO, Stay("street", datetime(2026, 1, 1, tzinfo=UTC), MORNING))


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


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 500), st.sampled_from(How))
def test_rounding_goes_the_way_that_the_table_says(numerator: int, denominator: int, to_fen: int, how: How) -> None:
    """The result is a multiple of the step, less than a step away, on the right side, and at most half a step when halves decide."""
    found = Rounding(to_fen, how).settle(numerator, denominator)
    assert found % to_fen == 0
    off = found * denominator - numerator
    step = to_fen * denominator
    assert -step < off < step
    assert how is not How.UP or off >= 0
    assert how is not How.DOWN or off <= 0
    if how in {How.HALF_UP, How.HALF_EVEN}:
        assert abs(2 * off) <= step
        if abs(2 * off) == step:
            assert off > 0 if how is How.HALF_UP else found // to_fen % 2 == 0
