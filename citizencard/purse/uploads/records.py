"""One tap as it is uploaded: 96 bytes of layout 1, or the same fields as JSON (hardware/terminal/PROTOCOL.md)."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Final, Self

from citizencard.clock import from_beijing_bcd
from citizencard.merchants.models import MAX_LINE_NUMBER
from citizencard.purse.uploads.errors import UploadFieldInvalid
from hardware.card.crypto import TTI_COMPOUND_PURCHASE, TTI_PURCHASE

RECORD_BYTES: Final = 96
USED_BYTES: Final = 74
IDENTITY_BYTES: Final = 16
TERMINAL_BYTES: Final = 6
NO_TAC: Final = bytes(4)
NO_TIME: Final = bytes(7)

_LAYOUT: Final = struct.Struct(">BB8s10sIHII4s3sBBB4sIIHBII7s")
_TYPE, _CARD, _SEQUENCE, _AMOUNT, _MOMENT = slice(1, 2), slice(2, 20), slice(20, 24), slice(26, 30), slice(34, 41)
"""Where in a record are: the type, issuer and card serial, the terminal's sequence, the amount, date and time."""
_NO_RESERVE: Final = bytes(RECORD_BYTES - USED_BYTES)


class RecordKind(IntEnum):
    """What a record says happened. Only a purchase carries a TAC and can move money."""

    PURCHASE = 1
    UNCONFIRMED = 2
    ENTRY = 3
    EXIT = 4


_KINDS: Final = frozenset(int(kind) for kind in RecordKind)


@dataclass(frozen=True, kw_only=True)
class PurchaseRecord:
    """What a record claims; nothing in it is believed but what its TAC covers. Amounts in fen, times in Beijing BCD.

    What is reckoned from it is kept with it: each record is asked several times.

    Args:
        kind: 1 purchase, 2 unconfirmed purchase, 3 entry, 4 exit; anything else is malformed.
        type: transaction type of the TAC input.
        issuer: 8 bytes of EF15.
        card_serial: 10 bytes of EF15.
        terminal_sequence: the security module's counter.
        card_counter: the card's counter n.
        amount_fen, balance_after_fen: 0 to 2**32 - 1.
        date, time: 4 and 3 bytes.
        key_index, key_version, algorithm: of the card's key.
        tac: 4 bytes.
        tariff_version, line, stop, card_class, base_fare_fen: what the device reckoned with.
        anchor_line, anchor_time: the transfer anchor that the card carried; zeros for none.
        reserve: 22 bytes that must be zero.
    """

    kind: int
    type: int
    issuer: bytes
    card_serial: bytes = field(repr=False)
    terminal_sequence: int
    card_counter: int
    amount_fen: int
    balance_after_fen: int
    date: bytes
    time: bytes
    key_index: int
    key_version: int
    algorithm: int
    tac: bytes = field(repr=False)
    tariff_version: int
    line: int
    stop: int
    card_class: int
    base_fare_fen: int
    anchor_line: int
    anchor_time: bytes
    reserve: bytes = bytes(RECORD_BYTES - USED_BYTES)

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read 96 bytes. Any 96 bytes can be read; whether they make sense is `fault`'s question."""
        record = cls.__new__(cls)
        # Past the constructor, which sets field by field: an upload has thousands of records.
        vars(record).update(zip(_NAMES, _LAYOUT.unpack_from(raw), strict=True), reserve=raw[USED_BYTES:], encoded=raw)
        return record

    @classmethod
    def from_json(cls, document: object, place: str) -> Self:
        """Read the JSON form; the place names the record in refusals.

        Raises:
            UploadFieldInvalid: a field is missing, unknown, of another type or does not fit its bytes.
        """
        if not isinstance(document, Mapping):
            raise UploadFieldInvalid(f"{place} must be an object", place=place, reason="must be an object")
        unknown = document.keys() - _JSON_NAMES
        if unknown:
            name = f"{place}.{min(unknown)}"
            raise UploadFieldInvalid(f"{name} is not known", place=name, reason="is not known")
        return cls(
            **{_OWN_NAMES.get(name, name): _value(document.get(name), name, place) for name in _JSON_NAMES}  # type: ignore[arg-type] # each value has its field's type
        )

    def encode(self) -> bytes:
        """The 96 bytes of the record; a record has the same ones however it came."""
        return self.encoded

    @cached_property
    def encoded(self) -> bytes:
        """As `encode`."""
        return _LAYOUT.pack(*(getattr(self, name) for name in _NAMES)) + self.reserve

    def tac_input(self, terminal: bytes) -> bytes:
        """The 22 bytes that the TAC covers; the terminal is the 6-byte number of the batch.

        Raises:
            ValueError: a number of another length.
        """
        if len(terminal) != TERMINAL_BYTES:
            raise ValueError(f"a terminal number has {TERMINAL_BYTES} bytes")
        raw = self.encoded
        return raw[_AMOUNT] + raw[_TYPE] + terminal + raw[_SEQUENCE] + raw[_MOMENT]

    def identity(self, terminal: bytes) -> str:
        """What makes two taps the same: issuer, card and exactly what the TAC covers; 32 hex digits."""
        named = self.encoded[_CARD] + self.tac_input(terminal)
        return hashlib.sha256(named).hexdigest()[: 2 * IDENTITY_BYTES]

    def digest(self, terminal: bytes) -> str:
        """What makes two records the same bytes: SHA-256 over terminal number and record, 64 hex digits."""
        return hashlib.sha256(terminal + self.encoded).hexdigest()

    def tapped_at(self) -> datetime | None:
        """The time of the tap, to the second; None when the digits name no moment."""
        return self._tapped_at

    def anchored_at(self) -> datetime | None:
        """The time of the transfer anchor; None when the card carried none."""
        return self._anchored_at

    def fault(self) -> str | None:
        """The first field that cannot be so in any genuine record; None for a well-formed one."""
        return self._fault

    @cached_property
    def _tapped_at(self) -> datetime | None:
        return _instant(self.date, self.time)

    @cached_property
    def _anchored_at(self) -> datetime | None:
        return None if self.anchor_time == NO_TIME else _instant(self.anchor_time[:4], self.anchor_time[4:])

    @cached_property
    def _fault(self) -> str | None:
        anchored = self.anchor_time != NO_TIME
        wrong = {
            "kind": self.kind not in _KINDS,
            "type": self.type not in (TTI_PURCHASE, TTI_COMPOUND_PURCHASE),
            "card_serial": not self.card_serial.hex().isdecimal(),
            "date": self._tapped_at is None,
            "tac": self.kind != RecordKind.PURCHASE and self.tac != NO_TAC,
            "line": self.line > MAX_LINE_NUMBER,
            "anchor_line": self.anchor_line > MAX_LINE_NUMBER or (self.anchor_line != 0) != anchored,
            "anchor_time": anchored and self._anchored_at is None,
            "reserve": self.reserve != _NO_RESERVE,
        }
        return next((name for name, is_wrong in wrong.items() if is_wrong), None) if any(wrong.values()) else None


def _instant(day: bytes, time: bytes) -> datetime | None:
    try:
        return from_beijing_bcd(day, time)
    except ValueError:
        return None


_NAMES: Final = tuple(one.name for one in fields(PurchaseRecord) if one.name != "reserve")
_OWN_NAMES: Final = {"class": "card_class"}
_JSON_NAMES: Final = frozenset("class" if name == "card_class" else name for name in _NAMES)
_BYTES_OF: Final = {"issuer": 8, "card_serial": 10, "date": 4, "time": 3, "tac": 4, "anchor_time": 7}
_BITS_OF: Final = {
    **dict.fromkeys(("kind", "type", "key_index", "key_version", "algorithm", "class"), 8),
    **dict.fromkeys(("card_counter", "stop"), 16),
}


def _value(value: object, name: str, place: str) -> int | bytes:
    """One field of the JSON form: numbers as numbers, bytes as hexadecimal digits."""
    if name in _BYTES_OF:
        return hex_bytes(value, _BYTES_OF[name], f"{place}.{name}")
    return whole_number(value, _BITS_OF.get(name, 32), f"{place}.{name}")


def hex_bytes(value: object, length: int, place: str) -> bytes:
    """Read hexadecimal digits.

    Raises:
        UploadFieldInvalid: not a text of exactly this many bytes.
    """
    if isinstance(value, str) and len(value) == 2 * length and set(value) <= set("0123456789abcdefABCDEF"):
        return bytes.fromhex(value)
    reason = f"must be {2 * length} hexadecimal digits"
    raise UploadFieldInvalid(f"{place} {reason}", place=place, reason=reason)


def whole_number(value: object, bits: int, place: str) -> int:
    """Read an unsigned number.

    Raises:
        UploadFieldInvalid: not a whole number of so many bits.
    """
    if type(value) is int and 0 <= value < 1 << bits:
        return value
    reason = f"must be a whole number from 0 to {(1 << bits) - 1}"
    raise UploadFieldInvalid(f"{place} {reason}", place=place, reason=reason)
