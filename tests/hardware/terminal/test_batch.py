"""Batch files: the bytes a vendor can check his own against, and what holds for all records."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.errors import MalformedCardData
from hardware.terminal.batch import Batch, BatchHead, RecordKind, TapRecord, encode_batch
from tests.hardware.terminal.records import HEAD, KEY, RECORD, record

# Regression set of our own, not published anywhere else: made by this code from the published table of fields and checked by hand,
# field by field, against it. Key: Ed25519 seed 000102…1F.
HEADER = bytes.fromhex(
    "43434231 01 40 60 70 330200000001 33020000000000000001 00000007 00000001 00000002"
    " 0000000000000104 00000003 0000000C 20261121090000 0000000000"
)
RECORD_1 = bytes.fromhex(
    "01 09 01013302FFFFFFFF 03103302000000000014 00000001 0003 00000050 0000260C 20261121 083000"
    " 01 01 00 BEED412A 00000003 0000001A 0004 01 000000C8 00000019 20261121080000"
    " 00000000000000000000000000000000000000000000"
)
SIGNATURE = bytes.fromhex(
    "7EF9064B37CB142847DF040B3E2CA0148E2977443BEA7690EAA91475A5542947"
    "B685222D3923FDEBEA6F846F99D92E487F2626738A442F52E00F4C83159B1B0F"
)


def test_the_bytes_of_a_batch_are_the_published_ones() -> None:
    """A vendor who builds a terminal from the description gets the same bytes."""
    records = [RECORD, record(2, amount_fen=180, card_counter=4)]
    data = encode_batch(HEAD, records, KEY.sign)
    assert len(data) == 64 + 2 * 96 + 112
    assert data[:64] == HEADER
    assert data[64:160] == RECORD_1
    trailer = data[-112:]
    assert trailer[:16] == bytes.fromhex("00000002 0000000000000104 00000000")
    assert trailer[16:48] == hashlib.sha256(data[:-112]).digest()
    KEY.public_key().verify(trailer[48:], data[:-64])
    assert trailer[48:] == SIGNATURE


def test_the_json_form_has_the_same_fields() -> None:
    """A small device sends the same facts as text; bytes are upper-case hexadecimal digits, numbers are numbers."""
    document = Batch(7, encode_batch(HEAD, [RECORD], KEY.sign)).as_json()
    assert document == {
        "terminal": "330200000001",
        "psam_serial": "33020000000000000001",
        "batch": 7,
        "records": [
            {
                "kind": 1,
                "type": 9,
                "issuer": "01013302FFFFFFFF",
                "card_serial": "03103302000000000014",
                "terminal_sequence": 1,
                "card_counter": 3,
                "amount_fen": 80,
                "balance_after_fen": 9740,
                "date": "20261121",
                "time": "083000",
                "key_index": 1,
                "key_version": 1,
                "algorithm": 0,
                "tac": "BEED412A",
                "tariff_version": 3,
                "line": 26,
                "stop": 4,
                "class": 1,
                "base_fare_fen": 200,
                "anchor_line": 25,
                "anchor_time": "20261121080000",
            }
        ],
    }


def _octets(length: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=length, max_size=length)


_U1, _U2, _U4 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
RECORDS = st.builds(
    TapRecord,
    kind=st.sampled_from(RecordKind),
    type=_U1,
    issuer=_octets(8),
    card_serial=_octets(10),
    terminal_sequence=_U4,
    card_counter=_U2,
    amount_fen=_U4,
    balance_after_fen=_U4,
    date=_octets(4),
    time=_octets(3),
    key_index=_U1,
    key_version=_U1,
    algorithm=_U1,
    tac=_octets(4),
    tariff_version=_U4,
    line=_U4,
    stop=_U2,
    card_class=_U1,
    base_fare_fen=_U4,
    anchor_line=_U4,
    anchor_time=_octets(7),
)


@given(RECORDS)
def test_a_record_survives_the_way_to_its_bytes_and_back(tap: TapRecord) -> None:
    """Nothing of a tap is lost in the 96 bytes."""
    raw = tap.encode()
    assert len(raw) == 96
    assert TapRecord.decode(raw) == tap


@given(st.lists(RECORDS, min_size=1, max_size=8))
def test_a_batch_gives_its_records_back_in_order(taps: list[TapRecord]) -> None:
    """Header and trailer repeat what the records say, for any records."""
    taps.sort(key=lambda tap: tap.terminal_sequence)
    data = encode_batch(HEAD, taps, KEY.sign)
    assert Batch(7, data).records == taps
    assert Batch(7, data).terminal == HEAD.terminal
    total = sum(tap.amount_fen for tap in taps)
    assert int.from_bytes(data[36:44]) == int.from_bytes(data[-108:-100]) == total
    assert int.from_bytes(data[32:36]) == int.from_bytes(data[-112:-108]) == len(taps)


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": bytes(7)},
        {"tac": bytes(5)},
        {"anchor_time": b""},
    ],
)
def test_a_field_of_another_length_is_never_cut_or_filled(change: dict[str, Any]) -> None:
    """A record with a shortened serial would accuse another card."""
    with pytest.raises(ValueError, match="must be"):
        TapRecord(**{**{name: getattr(RECORD, name) for name in TapRecord.__dataclass_fields__}, **change})


def test_a_number_that_does_not_fit_is_never_wrapped() -> None:
    """A debt below zero or beyond 32 bits is refused, not stored as another amount."""
    wrong = (
        replace(RECORD, amount_fen=-1),
        replace(RECORD, balance_after_fen=2**32),
        replace(RECORD, card_counter=65_536),
    )
    for tap in wrong:
        with pytest.raises(ValueError, match="out of range"):
            tap.encode()


def test_bytes_that_are_no_record_are_refused() -> None:
    """The outbox reads back only what it wrote."""
    raw = RECORD.encode()
    for wrong in (raw[:-1], raw + b"\0", b"\5" + raw[1:], raw[:-1] + b"\1"):
        with pytest.raises(MalformedCardData):
            TapRecord.decode(wrong)


def test_a_batch_is_ordered_and_bounded() -> None:
    """No empty file, none out of order, none longer than the server reads."""
    with pytest.raises(ValueError, match="1 to"):
        encode_batch(HEAD, [], KEY.sign)
    with pytest.raises(ValueError, match="1 to"):
        encode_batch(HEAD, [RECORD] * 1001, KEY.sign)
    with pytest.raises(ValueError, match="order"):
        encode_batch(HEAD, [record(2), record(1)], KEY.sign)
    with pytest.raises(ValueError, match="created"):
        BatchHead(**{**fields_of_head(), "created": b"2026"})


def fields_of_head() -> dict[str, Any]:
    return {name: getattr(HEAD, name) for name in BatchHead.__dataclass_fields__}
