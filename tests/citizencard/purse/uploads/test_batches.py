"""Batch files: each way in which a file can be wrong has its own answer, and nothing of it is judged."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from citizencard.purse.uploads.batches import MAX_FILE_BYTES, MAX_RECORDS, decode_file, from_json
from citizencard.purse.uploads.errors import (
    FileCountDiffers,
    FileCreatedInvalid,
    FileDigestDiffers,
    FileLayoutUnknown,
    FileLengthWrong,
    FileMagicWrong,
    FileReserveUsed,
    FileSizesWrong,
    FileTerminalInvalid,
    FileTooManyRecords,
    FileTotalDiffers,
    UploadFieldInvalid,
    UploadRefused,
)
from hardware.terminal import batch as device
from tests.citizencard.purse.uploads.make_records import a_card, a_device, file_of, json_of, seal, tap, unsealed

AT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
DEVICE = a_device(1)
RECORDS = [tap(DEVICE, a_card(1), AT, 180), tap(DEVICE, a_card(2), AT, 0)]
GOOD = file_of(DEVICE, RECORDS)


def changed(offset: int, value: bytes) -> bytes:
    """The good file with some bytes replaced, digest and signature made anew."""
    content = GOOD[:-96]
    return seal(content[:offset] + value + content[offset + len(value) :], DEVICE.key)


def test_good_file_is_read() -> None:
    """What a terminal packed is what we unpack, byte for byte."""
    signed = decode_file(GOOD)
    assert signed.batch.terminal == DEVICE.number
    assert signed.batch.psam_serial == DEVICE.psam_serial
    assert (signed.batch.number, signed.batch.records) == (1, tuple(RECORDS))
    assert signed.signed + signed.signature == GOOD
    assert decode_file(file_of(DEVICE, [])).batch.records == ()


def test_the_reference_terminal_writes_what_we_read() -> None:
    """Two programs that share no code agree on every byte of the layout, in both forms."""
    records = [device.TapRecord.decode(record.encode()) for record in RECORDS]
    head = device.BatchHead(DEVICE.number, DEVICE.psam_serial, 1, 3, 0, bytes.fromhex("20261121083000"))
    written = device.encode_batch(head, records, DEVICE.key.sign)
    assert written == GOOD
    assert from_json(device.Batch(1, written).as_json()) == decode_file(written).batch


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"", FileLengthWrong),
        (GOOD[:175], FileLengthWrong),
        (GOOD[:-1], FileLengthWrong),
        (GOOD + b"\0", FileLengthWrong),
        (GOOD[:64] + GOOD[160:], FileLengthWrong),
        (changed(0, b"CCB2"), FileMagicWrong),
        (changed(4, b"\2"), FileLayoutUnknown),
        (changed(5, b"\x41"), FileSizesWrong),
        (changed(6, b"\x61"), FileSizesWrong),
        (changed(7, b"\x71"), FileSizesWrong),
        (changed(8, b"\xaa"), FileTerminalInvalid),
        (changed(14, b"\xaa"), FileTerminalInvalid),
        (changed(32, (MAX_RECORDS + 1).to_bytes(4)), FileTooManyRecords),
        (changed(32, (3).to_bytes(4)), FileLengthWrong),
        (changed(36, (181).to_bytes(8)), FileTotalDiffers),
        (changed(52, b"\x20\x26\x13"), FileCreatedInvalid),
        (changed(52, b"\xff"), FileCreatedInvalid),
        (changed(63, b"\1"), FileReserveUsed),
        (changed(64 + 2 * 96, (1).to_bytes(4)), FileCountDiffers),
        (changed(64 + 2 * 96 + 4, (181).to_bytes(8)), FileTotalDiffers),
        (changed(64 + 2 * 96 + 12, b"\1"), FileReserveUsed),
        (changed(64 + 26, (181).to_bytes(4)), FileTotalDiffers),
        (GOOD[:100] + b"\xff" + GOOD[101:], FileDigestDiffers),
        (GOOD[:-96] + bytes(32) + GOOD[-64:], FileDigestDiffers),
    ],
)
def test_each_fault_of_a_file_has_its_own_answer(raw: bytes, refusal: type[UploadRefused]) -> None:
    """The depot's clerk reads what is wrong with the file, not that something is."""
    with pytest.raises(refusal) as caught:
        decode_file(raw)
    assert type(caught.value) is refusal


def test_a_file_has_a_limit() -> None:
    """A full file is taken, one record more is not."""
    record = RECORDS[0].encode()
    full = seal(unsealed(DEVICE, [record] * MAX_RECORDS), DEVICE.key)
    assert len(full) == MAX_FILE_BYTES
    assert len(decode_file(full).batch.records) == MAX_RECORDS
    with pytest.raises(FileTooManyRecords):
        decode_file(seal(unsealed(DEVICE, [record] * (MAX_RECORDS + 1)), DEVICE.key))


def test_json_holds_the_same_records() -> None:
    """A small device that sends JSON says the same as a file, and the taps are the same taps."""
    batch = from_json(json_of(DEVICE, RECORDS))
    assert batch == decode_file(GOOD).batch


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"terminal": "33020000000"}, "terminal"),
        ({"terminal": 330200000001}, "terminal"),
        ({"psam_serial": None}, "psam_serial"),
        ({"batch": -1}, "batch"),
        ({"batch": 2**32}, "batch"),
        ({"batch": True}, "batch"),
        ({"records": {}}, "records"),
        ({"records": [3]}, "records.0"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_json_of_another_shape_is_refused(change: dict[str, Any], place: str) -> None:
    """A wrong field is named by its place."""
    with pytest.raises(UploadFieldInvalid) as caught:
        from_json(json_of(DEVICE, RECORDS) | change)
    assert caught.value.public_fields()["place"] == place


def test_json_has_the_same_limits() -> None:
    """As many records as a file, and a terminal number in decimal digits."""
    document = json_of(DEVICE, RECORDS[:1])
    with pytest.raises(FileTooManyRecords):
        from_json(document | {"records": document["records"] * (MAX_RECORDS + 1)})
    with pytest.raises(FileTerminalInvalid):
        from_json(document | {"terminal": "3302AA000001"})
    assert replace(RECORDS[0]) == from_json(document).records[0]
