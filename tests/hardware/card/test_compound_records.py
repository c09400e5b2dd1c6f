"""Records beside the trip in a CAPP purchase."""

import pytest

from hardware.card.compound_records import CityTransitRecord, CompoundRecord
from hardware.card.purse import UpdateCompoundCache
from hardware.errors import MalformedCardData


def test_a_toll_record_has_its_bytes() -> None:
    """The toll gate's cache command 80 DC AA C8 2B AA 29 … replaces the record AA of EF19."""
    record = CompoundRecord(0xAA, bytes(0x29))
    command = UpdateCompoundCache(0x19, record.identifier, record.encode()).command().to_bytes()
    assert command == bytes.fromhex("80DCAAC82BAA29") + bytes(0x29)
    assert CompoundRecord.decode(command[5:]) == record


def test_what_is_no_record_is_refused() -> None:
    """Erased memory and cut records are not taken for content."""
    for raw in (b"", b"\xaa", b"\x00\x00", b"\xff\x00", b"\xaa\x02x"):
        with pytest.raises(MalformedCardData):
            CompoundRecord.decode(raw)
    with pytest.raises(MalformedCardData):
        CompoundRecord(0, b"").encode()
    with pytest.raises(MalformedCardData):
        CityTransitRecord.decode(bytes(0x77))
    assert CityTransitRecord.decode(bytes(0x78)).encode() == bytes(0x78)
