"""One record: its bytes, its JSON, what names it, and which fields no genuine record can have."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.purse.uploads.errors import UploadFieldInvalid
from citizencard.purse.uploads.records import RECORD_BYTES, PurchaseRecord
from tests.citizencard.purse.uploads.make_records import a_card, a_device, json_of, tap

AT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
DEVICE = a_device(1)
RECORD = tap(DEVICE, a_card(1), AT, 180)


def test_record_of_the_published_layout() -> None:
    """Decisions.md 6, field by field: our own regression record, written out by hand."""
    raw = bytes.fromhex(
        "01 09 01013302FFFFFFFF 03103302000000000014 00000001 0003 000000B4 0000260C 20261121 083000"
        " 01 01 00 A1B2C3D4 00000003 0000001A 0000 01 000000C8 00000001 20261121080000"
    ) + bytes(22)
    record = PurchaseRecord.decode(raw)
    assert record.encode() == raw
    assert (record.terminal_sequence, record.card_counter, record.amount_fen) == (1, 3, 180)
    assert (record.balance_after_fen, record.tariff_version, record.line) == (9_740, 3, 26)
    assert (record.card_class, record.base_fare_fen, record.anchor_line) == (1, 200, 1)
    assert record.tac.hex() == "a1b2c3d4"
    assert record.tapped_at() == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    assert record.anchored_at() == datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
    assert record.fault() is None


@given(st.binary(min_size=RECORD_BYTES, max_size=RECORD_BYTES))
def test_any_bytes_survive(raw: bytes) -> None:
    """Whatever 96 bytes come in can be read, named, judged and written back."""
    record = PurchaseRecord.decode(raw)
    assert record.encode() == raw
    assert record.fault() is None or isinstance(record.fault(), str)
    assert len(record.identity(DEVICE.number)) == 32
    assert len(record.digest(DEVICE.number)) == 64


def test_identity_is_what_the_tac_covers_and_the_card() -> None:
    """SHA-256 over issuer, card and the 22 bytes of the TAC input, its first 16 bytes; nothing else names a tap."""
    named = RECORD.issuer + RECORD.card_serial + RECORD.tac_input(DEVICE.number)
    assert RECORD.identity(DEVICE.number) == hashlib.sha256(named).hexdigest()[:32]
    same = replace(RECORD, card_counter=9, line=2, balance_after_fen=1, tariff_version=9, stop=1, tac=bytes(4))
    assert same.identity(DEVICE.number) == RECORD.identity(DEVICE.number)
    assert same.digest(DEVICE.number) != RECORD.digest(DEVICE.number)
    for other in (
        replace(RECORD, amount_fen=181),
        replace(RECORD, time=bytes.fromhex("083001")),
        replace(RECORD, type=6),
    ):
        assert other.identity(DEVICE.number) != RECORD.identity(DEVICE.number)
    assert RECORD.identity(a_device(2).number) != RECORD.identity(DEVICE.number)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": 0}, "kind"),
        ({"kind": 5}, "kind"),
        ({"type": 2}, "type"),
        ({"card_serial": bytes.fromhex("0310330200000000001A")}, "card_serial"),
        ({"date": bytes.fromhex("20261131")}, "date"),
        ({"date": bytes.fromhex("2026112A")}, "date"),
        ({"time": bytes.fromhex("240000")}, "date"),
        ({"kind": 2}, "tac"),
        ({"line": 65_536}, "line"),
        ({"anchor_line": 1}, "anchor_line"),
        ({"anchor_time": bytes.fromhex("20261121080000")}, "anchor_line"),
        ({"anchor_line": 1, "anchor_time": bytes.fromhex("20261321080000")}, "anchor_time"),
        ({"anchor_line": 65_536, "anchor_time": bytes.fromhex("20261121080000")}, "anchor_line"),
        ({"reserve": bytes(21) + b"\1"}, "reserve"),
    ],
)
def test_fields_that_cannot_be(change: dict[str, Any], fault: str) -> None:
    """Digits that are no digits, a moment that never was, bytes kept for later: malformed, and the field is named."""
    assert replace(RECORD, **change).fault() == fault


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", 256),
        ("kind", None),
        ("amount_fen", -1),
        ("amount_fen", 2**32),
        ("amount_fen", 1.0),
        ("amount_fen", True),
        ("amount_fen", "180"),
        ("card_counter", 65_536),
        ("class", 256),
        ("tac", "A1B2C3"),
        ("tac", "A1B2C3D4E5"),
        ("tac", "A1B2C3G4"),
        ("tac", "A1 B2C3D"),
        ("surprise", 1),
    ],
)
def test_json_field_out_of_bounds(name: str, value: object) -> None:
    """A number that does not fit its bytes is refused with its place, never cut."""
    document = json_of(DEVICE, [RECORD])["records"][0] | {name: value}
    with pytest.raises(UploadFieldInvalid) as caught:
        PurchaseRecord.from_json(document, "records.0")
    assert caught.value.public_fields()["place"] == f"records.0.{name}"


def test_json_is_the_same_record() -> None:
    """The JSON form has the same field names and gives the same bytes; digits may be in either case."""
    document = json_of(DEVICE, [RECORD])["records"][0]
    assert PurchaseRecord.from_json(document, "records.0") == RECORD
    lower = {name: value.lower() if isinstance(value, str) else value for name, value in document.items()}
    assert PurchaseRecord.from_json(lower, "records.0").encode() == RECORD.encode()
    assert "card_serial" not in repr(RECORD)
