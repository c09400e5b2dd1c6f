"""Records and batch files, layout 1: fixed lengths, big-endian, signed inside (published: hardware/terminal/PROTOCOL.md).

    header 64 | count × record 96 | trailer 112 with SHA-256 and an Ed25519 signature over all before it

The same records can travel as JSON with the same field names (small devices). A file's money is what its records say; header and
trailer repeat count and total so that a cut or doubled file is seen before any record is read.
"""

import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from hardware.errors import MalformedCardData

MAGIC: Final = b"CCB1"
LAYOUT: Final = 1
HEADER_BYTES: Final = 64
RECORD_BYTES: Final = 96
TRAILER_BYTES: Final = 112
MAX_BATCH_RECORDS: Final = 1_000
NO_TAC: Final = bytes(4)
NO_ANCHOR_TIME: Final = bytes(7)

_HEADER: Final = struct.Struct(">4sBBBB6s10sIIIQII7s5x")
_RECORD: Final = struct.Struct(">BB8s10sIHII4s3sBBB4sIIHBII7s22x")
_TRAILER: Final = struct.Struct(">IQ4x32s64s")


class RecordKind(IntEnum):
    """What a record says happened."""

    PURCHASE = 1
    UNCONFIRMED = 2
    ENTRY = 3
    EXIT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TapRecord:
    """One tap as it is uploaded; every field is unsigned, amounts in fen, times in Beijing BCD.

    Args:
        kind: 1 purchase, 2 unconfirmed purchase (no TAC), 3 entry, 4 exit.
        type: transaction type of the TAC input, 09 for a ride.
        issuer: 8 bytes of EF15.
        card_serial: 10 bytes of EF15.
        terminal_sequence: from the PSAM.
        card_counter: the card's offline counter n that the transaction used.
        amount_fen, balance_after_fen: 0 to 2**32 - 1.
        date, time: 4 and 3 bytes BCD, exactly what was signed.
        key_index, key_version, algorithm: of the card's purchase key.
        tac: 4 bytes, zeros when there is none.
        tariff_version, line, stop, card_class, base_fare_fen: what the price was made from.
        anchor_line, anchor_time: transfer anchor read from the card, line and 7 bytes BCD, zeros for none.
    """

    kind: RecordKind
    type: int
    issuer: bytes
    card_serial: bytes
    terminal_sequence: int
    card_counter: int
    amount_fen: int
    balance_after_fen: int
    date: bytes
    time: bytes
    key_index: int
    key_version: int
    algorithm: int
    tac: bytes
    tariff_version: int
    line: int
    stop: int
    card_class: int
    base_fare_fen: int
    anchor_line: int
    anchor_time: bytes

    def __post_init__(self) -> None:
        """Hold the lengths of the byte fields; `struct` would cut or fill them in silence."""
        lengths = {"issuer": 8, "card_serial": 10, "date": 4, "time": 3, "tac": 4, "anchor_time": 7}
        for name, length in lengths.items():
            if len(getattr(self, name)) != length:
                raise ValueError(f"{name} must be {length} bytes")

    @property
    def holder(self) -> bytes:
        """Issuer and serial of the card, 18 bytes: what a card is recognised by."""
        return self.issuer + self.card_serial

    def encode(self) -> bytes:
        """The 96 bytes of the record.

        Raises:
            ValueError: a number does not fit its field (our own mistake).
        """
        try:
            return _RECORD.pack(*(getattr(self, name) for name in _FIELDS))
        except struct.error as error:
            raise ValueError(f"a field of the record is out of range: {error}") from None

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read 96 bytes back (the outbox keeps records in this form).

        Raises:
            MalformedCardData: the length, the kind or the reserve is wrong.
        """
        if len(raw) != RECORD_BYTES:
            raise MalformedCardData("record", f"{len(raw)} bytes, must be {RECORD_BYTES}")
        values = dict(zip(_FIELDS, _RECORD.unpack(raw), strict=True))
        if values["kind"] not in set(RecordKind) or any(raw[74:]):
            raise MalformedCardData("record", "unknown kind, or a reserve that is not zero")
        values["kind"] = RecordKind(values["kind"])
        return cls(**values)

    def as_json(self) -> dict[str, int | str]:
        """The same fields for the JSON form: numbers as numbers, bytes as upper-case hexadecimal digits."""
        values = (("class" if name == "card_class" else name, getattr(self, name)) for name in _FIELDS)
        return {name: value.hex().upper() if isinstance(value, bytes) else int(value) for name, value in values}


_FIELDS: Final = tuple(TapRecord.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class BatchHead:
    """What the header says about a batch.

    Args:
        terminal: 6 bytes BCD.
        psam_serial: 10 bytes.
        number: batch number of this terminal, rising.
        parameter_version, hotlist_version: what the terminal works with.
        created: 7 bytes BCD, Beijing time.
    """

    terminal: bytes
    psam_serial: bytes
    number: int
    parameter_version: int
    hotlist_version: int
    created: bytes

    def __post_init__(self) -> None:
        """Hold the lengths of the byte fields."""
        for name, length in (("terminal", 6), ("psam_serial", 10), ("created", 7)):
            if len(getattr(self, name)) != length:
                raise ValueError(f"{name} must be {length} bytes")


def encode_batch(head: BatchHead, records: Sequence[TapRecord], sign: Callable[[bytes], bytes]) -> bytes:
    """Build the batch file.

    Args:
        head: what the header says.
        records: 1 to MAX_BATCH_RECORDS, in terminal-sequence order.
        sign: Ed25519 over the bytes given to it, 64 bytes; the key stays with the caller.

    Raises:
        ValueError: no records, too many, or out of order (our own mistake).
    """
    if not 1 <= len(records) <= MAX_BATCH_RECORDS:
        raise ValueError(f"a batch holds 1 to {MAX_BATCH_RECORDS} records")
    sequences = [record.terminal_sequence for record in records]
    if sequences != sorted(sequences):
        raise ValueError("records must be in terminal-sequence order")
    count, total_fen = len(records), sum(record.amount_fen for record in records)
    header = _HEADER.pack(
        MAGIC,
        LAYOUT,
        HEADER_BYTES,
        RECORD_BYTES,
        TRAILER_BYTES,
        head.terminal,
        head.psam_serial,
        head.number,
        sequences[0],
        count,
        total_fen,
        head.parameter_version,
        head.hotlist_version,
        head.created,
    )
    body = header + b"".join(record.encode() for record in records)
    unsigned = body + _TRAILER.pack(count, total_fen, hashlib.sha256(body).digest(), bytes(64))[:-64]
    return unsigned + sign(unsigned)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch file as built: its bytes never change until it is done.

    Args:
        number: batch number.
        data: the file, 64 + 96 × count + 112 bytes.
    """

    number: int
    data: bytes

    @property
    def terminal(self) -> bytes:
        """The terminal number in the header, 6 bytes."""
        return self.data[8:14]

    @property
    def records(self) -> list[TapRecord]:
        """The records in file order."""
        ends = range(HEADER_BYTES, len(self.data) - TRAILER_BYTES, RECORD_BYTES)
        return [TapRecord.decode(self.data[start : start + RECORD_BYTES]) for start in ends]

    def as_json(self) -> dict[str, object]:
        """The JSON form of the same batch."""
        head = _HEADER.unpack(self.data[:HEADER_BYTES])
        return {
            "terminal": head[5].hex().upper(),
            "psam_serial": head[6].hex().upper(),
            "batch": self.number,
            "records": [record.as_json() for record in self.records],
        }
