"""CREATE FILE bodies and key records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import administration as adm
from hardware.card.dialect import WriteKeyP1
from hardware.errors import MalformedCardData
from tests.vectors import key_writing_regression as v

u8, u16 = st.integers(0, 255), st.integers(0, 0xFFFF)
kids = st.one_of(st.none(), st.integers(0, 0xFE))
directories = st.builds(
    adm.DirectoryBody, u16, u8, u8, st.binary(min_size=5, max_size=16), st.one_of(st.none(), st.integers(1, 31))
)
files = st.builds(adm.FileBody, st.sampled_from(adm.FileKind), u16, u8, u8, kids, kids)
keys = st.builds(
    adm.KeyRecord,
    st.sampled_from([kind for kind in adm.KeyType if kind is not adm.KeyType.PIN]),
    u8,
    u8,
    u8,
    u8,
    st.binary(min_size=16, max_size=16),
)
pins = st.builds(adm.KeyRecord, st.just(adm.KeyType.PIN), u8, u8, u8, u8, st.binary(min_size=2, max_size=6))


@given(st.one_of(directories, files))
def test_a_file_is_created_as_it_was_ordered(body: adm.DirectoryBody | adm.FileBody) -> None:
    """Issuer and card agree on what a new file is and who may touch it."""
    assert adm.parse_file_body(body.encode()) == body


@given(st.binary(max_size=30))
def test_rubbish_creates_no_file(data: bytes) -> None:
    """A body is read or refused; what is read writes back to the same bytes."""
    try:
        body = adm.parse_file_body(data)
    except MalformedCardData:
        return
    assert body.encode() == data


@given(st.one_of(keys, pins))
def test_a_key_is_written_as_it_was_ordered(record: adm.KeyRecord) -> None:
    """Vault and card agree on a key's type and rules."""
    assert adm.KeyRecord.decode(record.encode()) == record


@given(st.binary(max_size=30))
def test_rubbish_writes_no_key(data: bytes) -> None:
    """A record is read or refused; what is read writes back to the same bytes."""
    try:
        record = adm.KeyRecord.decode(data)
    except MalformedCardData:
        return
    assert record.encode() == data


def test_the_records_of_the_regression_set() -> None:
    """The records of our own regression set are those of the profile's types."""
    record = adm.KeyRecord.decode(v.CMK_RECORD_HEADER + v.CMK)
    assert record.key_type is adm.KeyType.EXTERNAL_AUTHENTICATION
    assert (record.use, record.change, record.fourth, record.fifth) == (0xF0, 0xF0, 0xAA, 0x33)
    assert adm.KeyRecord.decode(v.DLK_RECORD_HEADER + v.DLK).key_type is adm.KeyType.LOAD
    assert adm.write_key_header(adm.KeyType.EXTERNAL_AUTHENTICATION, 0, replace=True) == v.WRITE_CMK[2:4]
    assert adm.write_key_header(adm.KeyType.LOAD, 1) == v.WRITE_DLK[2:4]


def test_replacing_a_key_follows_the_dialect() -> None:
    """Replacing a key names its type on some chips and 01 on others; adding is 01 everywhere."""
    load = adm.KeyType.LOAD
    assert adm.write_key_header(load, 1, replace=True) == bytes((load, 1))
    assert adm.write_key_header(load, 1, replace=True, form=WriteKeyP1.ALWAYS_ADD) == b"\x01\x01"
    assert adm.write_key_header(load, 1, form=WriteKeyP1.ALWAYS_ADD) == b"\x01\x01"


def test_no_key_is_shown() -> None:
    """A log shows a key's check value at most, and of a PIN nothing."""
    record = adm.KeyRecord(adm.KeyType.LOAD, 0xF0, 2, 1, 0, v.DLK)
    assert v.DLK.hex()[:6] not in repr(record).lower()
    assert len(record.check_value) == 6
    assert adm.KeyRecord(adm.KeyType.PIN, 0xF0, 0xEF, 1, 0x33, b"\x12\x34\x56").check_value == "PIN"
    assert repr(v.DLK)[2:-1] not in repr(record)


def test_commands_have_their_bytes() -> None:
    """Creating and erasing are the documented commands."""
    body = adm.FileBody(adm.FileKind.BINARY, 30, 0xF0, 0xF0, 0)
    assert adm.create_file(0x0015, body).to_bytes() == bytes.fromhex("80E0001507A8001EF0F000FF")
    assert adm.erase_directory().to_bytes() == bytes.fromhex("800E0000")
    cyclic = adm.FileBody.records(adm.FileKind.CYCLIC, 10, 23, 0xF0, 0xEF)
    assert (cyclic.record_count, cyclic.record_bytes) == (10, 23)


@pytest.mark.parametrize(
    "call",
    [
        lambda: adm.DirectoryBody(1, 0, 0, b"four").encode(),
        lambda: adm.DirectoryBody(1, 0, 0, bytes(17)).encode(),
        lambda: adm.DirectoryBody(1 << 16, 0, 0, bytes(5)).encode(),
        lambda: adm.DirectoryBody(1, 0, 0, bytes(5), 32).encode(),
        lambda: adm.DirectoryBody.decode(bytes.fromhex("3800010A0A95FFFF41424344")),
        lambda: adm.DirectoryBody.decode(bytes.fromhex("3800010A0A95FF004142434445")),
        lambda: adm.FileBody.records(adm.FileKind.CYCLIC, 0, 23, 0, 0),
        lambda: adm.FileBody.records(adm.FileKind.CYCLIC, 1, 256, 0, 0),
        lambda: adm.FileBody.decode(bytes.fromhex("28001EF0F000FF")),
        lambda: adm.FileBody.decode(bytes.fromhex("A8001EF0F0FFFF")),
        lambda: adm.FileBody.decode(bytes.fromhex("29001EF0F0FFFF")),
        lambda: adm.FileBody(adm.FileKind.BINARY, 1 << 16, 0, 0).encode(),
        lambda: adm.KeyRecord(adm.KeyType.LOAD, 0, 0, 0, 0, bytes(8)).encode(),
        lambda: adm.KeyRecord(adm.KeyType.PIN, 0, 0, 0, 0, bytes(1)).encode(),
        lambda: adm.KeyRecord.decode(bytes.fromhex("3DF00201")),
        lambda: adm.KeyRecord.decode(bytes.fromhex("30F0020100") + bytes(16)),
    ],
)
def test_malformed_is_refused(call: object) -> None:
    """A file or key of another form is never ordered or accepted."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()
