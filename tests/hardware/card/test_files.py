"""Files of the purse application."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import files, tlv
from hardware.errors import MalformedCardData
from tests.vectors import card_samples as v

u8, u16, u24, u32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 24, 32))
days = st.dates(min_value=date(1, 1, 1))
bcd_bytes = st.text("0123456789", min_size=20, max_size=20).map(bytes.fromhex)
codes = st.text("0123456789", min_size=4, max_size=4)
names = st.text(min_size=0, max_size=40).filter(lambda text: "\x00" not in text)


def encodable(text: str) -> bool:
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


@given(
    st.builds(
        files.PublicApplicationData,
        st.binary(min_size=8, max_size=8),
        bcd_bytes,
        days,
        days,
        u8,
        u8,
        st.binary(min_size=2, max_size=2),
    )
)
def test_public_data_survives(value: files.PublicApplicationData) -> None:
    """EF15 says what was written."""
    assert len(value.encode()) == files.PUBLIC_DATA_BYTES
    assert files.PublicApplicationData.decode(value.encode()) == value


def test_a_card_of_another_city_is_read() -> None:
    """A T-Union card's public data is understood and written back unchanged."""
    raw = tlv.FileControlInformation.decode(v.TUNION_FCI).public_data
    read = files.PublicApplicationData.decode(raw)
    assert read.printed_number == v.TUNION_PRINTED_NUMBER
    assert (read.valid_from, read.valid_to) == (date(2019, 8, 6), date(2040, 12, 31))
    assert read.factor == bytes.fromhex("5170010170907984")
    assert read.encode() == raw


@given(names.filter(encodable), st.text("0123456789X", max_size=32), u8, u8, u8)
def test_cardholder_survives(name: str, number: str, id_type: int, kind: int, staff: int) -> None:
    """EF16 says what was written: any name in any script that fits, cut at a whole character otherwise."""
    value = files.CardholderData(files.chip_text(name, files.CARDHOLDER_NAME_BYTES), number, id_type, kind, staff)
    assert name.startswith(value.name)
    assert len(value.encode()) == files.CARDHOLDER_BYTES
    assert files.CardholderData.decode(value.encode()) == value


def test_a_holder_is_not_shown() -> None:
    """A failed assertion or a log shows neither name nor number."""
    holder = files.CardholderData("张三", "11010519491231002X")
    assert "张三" not in repr(holder)
    assert "110105" not in repr(holder)
    assert holder.encode()[2:6] == "张三".encode("gbk")


@given(st.builds(files.ManagementData, codes, codes, u8, st.one_of(st.none(), days), u8, u16, u8))
def test_management_data_survives(value: files.ManagementData) -> None:
    """EF17 says what was written."""
    assert len(value.encode()) == files.MANAGEMENT_BYTES
    assert files.ManagementData.decode(value.encode()) == value


def test_a_validator_finds_the_card_class() -> None:
    """Byte 11 of EF17 selects the fare (profile in hardware/README.md)."""
    senior = files.ManagementData("3300", "3302", card_class=3)
    assert senior.encode()[:17] == bytes.fromhex("00000156 3300 3302 0001 01 03 00000000 01")


@given(
    st.builds(files.TransactionLogRecord, u16, u24, u32, u8, *(st.binary(min_size=n, max_size=n) for n in (6, 4, 3)))
)
def test_log_record_survives(value: files.TransactionLogRecord) -> None:
    """EF18 says what the card wrote."""
    assert files.TransactionLogRecord.decode(value.encode()) == value


def test_a_log_record_of_the_field_is_read() -> None:
    """A real card's last trip: ¥5.00 by CAPP purchase on 29 December 2024."""
    record = files.TransactionLogRecord.decode(v.TUNION_LOG_RECORD)
    assert (record.sequence, record.amount_fen, record.type) == (0x042D, 500, 9)
    assert record.terminal == bytes.fromhex("300089000340")
    assert record.at == datetime(2024, 12, 29, 6, 17, 40, tzinfo=UTC)
    assert record.encode() == v.TUNION_LOG_RECORD


@pytest.mark.parametrize(
    "call",
    [
        lambda: files.PublicApplicationData.decode(bytes(29)),
        lambda: files.PublicApplicationData.decode(bytes(30)),
        lambda: files.CardholderData("很" * 11, "").encode(),
        lambda: files.CardholderData("a\0b", "").encode(),
        lambda: files.CardholderData("\ud800", "").encode(),
        lambda: files.CardholderData("", "１２").encode(),
        lambda: files.CardholderData("", "1" * 33).encode(),
        lambda: files.CardholderData.decode(b"\x00\x00" + b"\xff" * 20 + bytes(33)),
        lambda: files.CardholderData.decode(b"\x00\x00" + b"a\x00b" + bytes(50)),
        lambda: files.CardholderData.decode(bytes(22) + "张".encode("gbk") + bytes(31)),
        lambda: files.ManagementData("330", "3302", 1).encode(),
        lambda: files.ManagementData("3300", "3302", 256).encode(),
        lambda: files.ManagementData.decode(bytes(60)),
        lambda: files.ManagementData.decode(files.ManagementData("3300", "3302", 1).encode()[:-1] + b"\x01"),
        lambda: files.TransactionLogRecord.decode(bytes(22)),
        lambda: files.TransactionLogRecord(0, 1 << 24, 0, 0, bytes(6), bytes(4), bytes(3)).encode(),
        lambda: files.TransactionLogRecord.decode(bytes(23)).at,
    ],
)
def test_malformed_is_refused(call: object) -> None:
    """No file is half read or half written."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()
