"""Trip records and transfer anchors."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import transit
from hardware.errors import MalformedCardData
from tests.vectors import card_samples as v

u8, u16, u32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
instants = st.integers(1, (1 << 32) - 1).map(lambda seconds: transit.EPOCH + timedelta(seconds=seconds))
codes = st.text("0123456789", min_size=4, max_size=4)
anchors = st.builds(transit.TransferAnchor, u16, instants)


@given(anchors)
def test_an_anchor_survives_in_six_bytes(anchor: transit.TransferAnchor) -> None:
    """The next bus sees when and where the trip began, to the second."""
    assert len(anchor.encode()) == transit.ANCHOR_BYTES
    assert transit.TransferAnchor.decode(anchor.encode()) == anchor


def test_an_anchor_counts_from_beijings_year_2000() -> None:
    """Seconds are counted from 2000-01-01 00:00 Beijing, whatever zone the terminal's clock has."""
    at = datetime(1999, 12, 31, 16, 0, 1, tzinfo=UTC)
    assert transit.TransferAnchor(26, at).encode() == bytes.fromhex("001A00000001")
    assert transit.TransferAnchor.decode(bytes(6)) is None


@given(
    st.builds(
        transit.TripRecord,
        u8,
        st.binary(min_size=6, max_size=6),
        u8,
        u32,
        u16,
        u32,
        u32,
        instants,
        codes,
        st.binary(min_size=8, max_size=8),
        st.one_of(st.none(), anchors),
        u8,
    )
)
def test_a_trip_survives(trip: transit.TripRecord) -> None:
    """What one bus writes the next one reads."""
    assert len(trip.encode()) == transit.TRIP_RECORD_BYTES
    assert transit.TripRecord.decode(trip.encode()) == trip


@given(st.binary(min_size=48, max_size=48))
def test_rubbish_is_refused_or_read_whole(data: bytes) -> None:
    """A card written by somebody else never crashes a validator."""
    try:
        trip = transit.TripRecord.decode(data)
    except MalformedCardData:
        return
    assert trip.encode() == data


def test_a_trip_of_the_field_is_read() -> None:
    """A real card's last metro trip: exit, ¥5.00, ¥35.85 left, 29 December 2024."""
    trip = transit.TripRecord.decode(v.TUNION_TRIP_RECORD)
    assert (trip.type, trip.industry) == (transit.TripType.EXIT, transit.Industry.METRO)
    assert (trip.amount_fen, trip.balance_fen) == (500, 3585)
    assert trip.terminal == bytes.fromhex("300089000340")
    assert trip.at == datetime(2024, 12, 29, 6, 17, 40, tzinfo=UTC)
    assert (trip.city, trip.anchor) == ("1000", None)
    assert trip.encode() == v.TUNION_TRIP_RECORD


def test_management_data_of_the_field_is_read() -> None:
    """Another city's card says where it comes from; what follows the first 11 bytes is that city's own."""
    read = transit.TUnionManagementData.decode(v.TUNION_EF17_START + b"more")
    assert (read.country, read.province, read.city, read.card_kind) == (transit.COUNTRY_CHINA, "5800", "5840", 1)
    assert read.encode() == v.TUNION_EF17_START


@pytest.mark.parametrize(
    "call",
    [
        lambda: transit.TransferAnchor(0x10000, transit.EPOCH + timedelta(1)).encode(),
        lambda: transit.TransferAnchor(1, transit.EPOCH - timedelta(seconds=1)).encode(),
        lambda: transit.TransferAnchor(1, transit.EPOCH + timedelta(seconds=1 << 32)).encode(),
        lambda: transit.TransferAnchor(1, transit.EPOCH + timedelta(microseconds=1)).encode(),
        lambda: transit.TransferAnchor(1, datetime(2026, 1, 1)).encode(),  # noqa: DTZ001 - that is the point
        lambda: transit.TransferAnchor(0, transit.EPOCH).encode(),
        lambda: transit.TransferAnchor.decode(bytes(5)),
        lambda: transit.TripRecord.decode(bytes(48)),
        lambda: transit.TripRecord.decode(v.TUNION_TRIP_RECORD[:-1]),
        lambda: transit.TripRecord.decode(b"\x04\x01" + v.TUNION_TRIP_RECORD[2:]),
        lambda: transit.TUnionManagementData.decode(bytes(10)),
    ],
)
def test_malformed_is_refused(call: object) -> None:
    """An anchor that the card cannot hold is never written in another form."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()


def test_a_foreign_trip_keeps_every_byte() -> None:
    """A trip of another city is read without a meaning of ours and written back unchanged."""
    trip = transit.TUnionTrip.decode(v.TUNION_TRIP_RECORD)
    assert (trip.type, trip.industry, trip.amount_fen, trip.balance_fen) == (4, 1, 500, 0x0E01)
    assert trip.at.isoformat() == "2024-12-29T14:17:40+08:00"
    assert trip.encode() == v.TUNION_TRIP_RECORD
    unset = transit.TUnionTrip.decode(bytes(48))
    with pytest.raises(MalformedCardData):
        _ = unset.at
