"""A batch as it comes: the signed file of layout 1 or a JSON object (hardware/terminal/PROTOCOL.md). Each fault of a whole has a name."""

import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from citizencard.clock import from_beijing_bcd
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
)
from citizencard.purse.uploads.records import (
    RECORD_BYTES,
    TERMINAL_BYTES,
    PurchaseRecord,
    hex_bytes,
    whole_number,
)

MAGIC: Final = b"CCB1"
LAYOUT: Final = 1
HEADER_BYTES: Final = 64
TRAILER_BYTES: Final = 112
SIGNATURE_BYTES: Final = 64
PSAM_SERIAL_BYTES: Final = 10
MAX_RECORDS: Final = 5_000
"""Records in one upload: 480 kB, and a booking of well under a second's work for the database."""
MAX_FILE_BYTES: Final = HEADER_BYTES + MAX_RECORDS * RECORD_BYTES + TRAILER_BYTES

_HEADER: Final = struct.Struct(">4sBBBB6s10sIIIQII7s5s")
_TRAILER: Final = struct.Struct(">IQ4s32s64s")
_JSON_NAMES: Final = frozenset({"terminal", "psam_serial", "batch", "records"})


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that came together, all of one terminal number.

    Args:
        terminal: the number in the security module, 6 bytes BCD; every TAC covers it.
        psam_serial: 10 bytes, a claim.
        number: batch number, a claim.
        records: in file order.
    """

    terminal: bytes
    psam_serial: bytes
    number: int
    records: tuple[PurchaseRecord, ...]


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """A file that is whole; whether its terminal signed it is yet to be asked.

    Args:
        batch: what it holds.
        signed: the bytes under the signature.
        signature: 64 bytes.
    """

    batch: Batch
    signed: bytes
    signature: bytes


def decode_file(raw: bytes) -> SignedBatch:
    """Read a batch file.

    Raises, in this order:
        FileLengthWrong: shorter than header and trailer.
        FileMagicWrong, FileLayoutUnknown, FileSizesWrong: not a file of this layout.
        FileTooManyRecords: more than MAX_RECORDS.
        FileLengthWrong: not as long as its count says.
        FileReserveUsed: reserved bytes of header or trailer are not zero.
        FileTerminalInvalid, FileCreatedInvalid: fields of the header that are no decimal digits, or no moment.
        FileCountDiffers, FileTotalDiffers: header, trailer and records disagree.
        FileDigestDiffers: the content was changed.
    """
    if len(raw) < HEADER_BYTES + TRAILER_BYTES:
        least = HEADER_BYTES + TRAILER_BYTES
        raise FileLengthWrong(f"{len(raw)} bytes, at least {least}", length=len(raw), expected=least)
    header = _HEADER.unpack(raw[:HEADER_BYTES])
    _check_layout(header)
    terminal, psam_serial, number, count, total_fen = header[5], header[6], header[7], header[9], header[10]
    check_count(count)
    expected = HEADER_BYTES + count * RECORD_BYTES + TRAILER_BYTES
    if len(raw) != expected:
        raise FileLengthWrong(f"{len(raw)} bytes, {count} records have {expected}", length=len(raw), expected=expected)
    trailer = _TRAILER.unpack(raw[-TRAILER_BYTES:])
    _check_header(header, trailer)
    body = raw[HEADER_BYTES:-TRAILER_BYTES]
    records = tuple(
        PurchaseRecord.decode(body[start : start + RECORD_BYTES]) for start in range(0, len(body), RECORD_BYTES)
    )
    _check_totals((count, total_fen), trailer, sum(record.amount_fen for record in records))
    if not hmac.compare_digest(hashlib.sha256(raw[:-TRAILER_BYTES]).digest(), trailer[3]):
        raise FileDigestDiffers("the digest is not that of the content")
    return SignedBatch(Batch(terminal, psam_serial, number, records), raw[:-SIGNATURE_BYTES], trailer[4])


def from_json(document: Mapping[str, object]) -> Batch:
    """Read the JSON form of a batch.

    Raises:
        UploadFieldInvalid: names the first field that is missing, unknown or out of bounds.
        FileTooManyRecords: more than MAX_RECORDS.
        FileTerminalInvalid: the terminal number is not in decimal digits.
    """
    unknown = document.keys() - _JSON_NAMES
    if unknown:
        raise UploadFieldInvalid(f"{min(unknown)} is not known", place=min(unknown), reason="is not known")
    terminal = hex_bytes(document.get("terminal"), TERMINAL_BYTES, "terminal")
    psam_serial = hex_bytes(document.get("psam_serial"), PSAM_SERIAL_BYTES, "psam_serial")
    number = whole_number(document.get("batch"), 32, "batch")
    records = document.get("records")
    if not isinstance(records, list | tuple):
        raise UploadFieldInvalid("records must be a list", place="records", reason="must be a list")
    check_count(len(records))
    _check_decimal("terminal", terminal)
    read = tuple(PurchaseRecord.from_json(entry, f"records.{index}") for index, entry in enumerate(records))
    return Batch(terminal, psam_serial, number, read)


def check_count(count: int) -> None:
    """Hold the limit of one upload.

    Raises:
        FileTooManyRecords: more than MAX_RECORDS.
    """
    if count > MAX_RECORDS:
        raise FileTooManyRecords(f"{count} records, at most {MAX_RECORDS}", count=count, limit=MAX_RECORDS)


def _check_layout(header: tuple[bytes, int, int, int, int]) -> None:
    magic, layout, *sizes = header[:5]
    if magic != MAGIC:
        raise FileMagicWrong("the file does not begin with CCB1")
    if layout != LAYOUT:
        raise FileLayoutUnknown(f"layout {layout} is not known", layout=layout)
    if sizes != [HEADER_BYTES, RECORD_BYTES, TRAILER_BYTES]:
        raise FileSizesWrong("sizes must be 64, 96, 112", header=sizes[0], record=sizes[1], trailer=sizes[2])


def _check_header(header: tuple[bytes, ...], trailer: tuple[bytes, ...]) -> None:
    for part, reserve in (("header", header[14]), ("trailer", trailer[2])):
        if any(reserve):
            raise FileReserveUsed(f"reserved bytes of the {part} are not zero", part=part)
    _check_decimal("terminal", header[5])
    _check_decimal("psam_serial", header[6])
    created = header[13]
    try:
        from_beijing_bcd(created[:4], created[4:])
    except ValueError:
        raise FileCreatedInvalid("the time of creation names no moment") from None


def _check_decimal(name: str, digits: bytes) -> None:
    if not digits.hex().isdecimal():
        raise FileTerminalInvalid(f"{name} must be decimal digits", field=name)


def _check_totals(header: tuple[int, int], trailer: tuple[int, ...], records_fen: int) -> None:
    if header[0] != trailer[0]:
        raise FileCountDiffers("header and trailer differ", header=header[0], trailer=trailer[0])
    if not header[1] == trailer[1] == records_fen:
        raise FileTotalDiffers(
            "header, trailer and records differ", header=header[1], trailer=trailer[1], records=records_fen
        )
