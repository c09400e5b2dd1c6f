"""The server's answer to a batch: one verdict per record; the terminal forgets a record on any of the four, and only then."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from hardware.terminal.batch import MAX_BATCH_RECORDS
from hardware.terminal.errors import ReceiptInvalid

VERDICTS: Final = frozenset({"accepted", "suspicious", "rejected", "duplicate"})


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """What the server said about one record.

    Args:
        terminal_sequence, card_serial, tac: name the record as it was uploaded.
        verdict: the server's word; anything but the four known ones leaves the record where it is.
        reason: why it is suspicious or rejected, empty otherwise.
    """

    terminal_sequence: int
    card_serial: bytes
    tac: bytes
    verdict: str
    reason: str

    @property
    def is_final(self) -> bool:
        """Whether the terminal may delete the record."""
        return self.verdict in VERDICTS


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """The receipt of one batch.

    Args:
        terminal: 6 bytes, whose batch.
        batch: batch number.
        verdicts: at most MAX_BATCH_RECORDS.
        kept: names of the records that the server will not judge for now, each by sequence, card serial and TAC: the terminal keeps them.
    """

    terminal: bytes
    batch: int
    verdicts: tuple[RecordVerdict, ...]
    kept: frozenset[tuple[int, bytes, bytes]] = frozenset()

    @classmethod
    def parse(cls, document: object) -> Self:
        """Read the JSON document of a receipt.

        Raises:
            ReceiptInvalid: it is not one.
        """
        if not isinstance(document, dict) or document.get("object") != "batch_receipt":
            raise ReceiptInvalid("the answer is not a batch receipt")
        verdicts, kept = _entries(document, "verdicts"), _entries(document, "kept")
        return cls(
            terminal=_octets(document, "terminal", 6),
            batch=_number(document, "batch"),
            verdicts=tuple(_verdict(entry) for entry in verdicts),
            kept=frozenset(_named(entry) for entry in kept),
        )


def _entries(document: Mapping[str, object], name: str) -> list[object]:
    entries = document.get(name)
    if not isinstance(entries, list) or len(entries) > MAX_BATCH_RECORDS:
        raise ReceiptInvalid(f"{name} must be a list of at most {MAX_BATCH_RECORDS}")
    return entries


def _verdict(entry: object) -> RecordVerdict:
    if not isinstance(entry, dict):
        raise ReceiptInvalid("a verdict must be a JSON object")
    return RecordVerdict(*_named(entry), verdict=str(entry.get("verdict")), reason=str(entry.get("reason") or ""))


def _named(entry: object) -> tuple[int, bytes, bytes]:
    if not isinstance(entry, dict):
        raise ReceiptInvalid("a kept record must be a JSON object")
    return _number(entry, "terminal_sequence"), _octets(entry, "card_serial", 10), _octets(entry, "tac", 4)


def _number(entry: Mapping[str, object], name: str) -> int:
    value = entry.get(name)
    if type(value) is not int or value < 0:
        raise ReceiptInvalid(f"{name} must be a number")
    return value


def _octets(entry: Mapping[str, object], name: str, length: int) -> bytes:
    try:
        value = bytes.fromhex(str(entry.get(name)))
    except ValueError:
        value = b""
    if len(value) != length:
        raise ReceiptInvalid(f"{name} must be {2 * length} hexadecimal digits")
    return value
