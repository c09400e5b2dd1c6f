"""The answer to an upload: one verdict per record, in file order (contract: the terminal deletes what is listed, and nothing else)."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from citizencard.purse.uploads.models import Verdict
from citizencard.purse.uploads.records import PurchaseRecord


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """What is said about one record.

    Args:
        record: what it is about.
        verdict: accepted, suspicious, rejected or duplicate.
        original: of a duplicate, the first verdict; None otherwise.
        reason: why the (first) verdict is not accepted.
        findings: kinds of the (first) findings, sorted.
    """

    record: PurchaseRecord
    verdict: Verdict
    original: Verdict | None = None
    reason: str | None = None
    findings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The published form."""
        return {
            "terminal_sequence": self.record.terminal_sequence,
            "card_serial": self.record.card_serial.hex().upper(),
            "tac": self.record.tac.hex().upper(),
            "verdict": str(self.verdict),
            "original": None if self.original is None else str(self.original),
            "reason": self.reason,
            "findings": list(self.findings),
        }


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """The answer to one batch.

    Args:
        terminal: the batch's terminal number, 6 bytes.
        batch: its number.
        verdicts: one per record, in file order.
    """

    terminal: bytes
    batch: int
    verdicts: tuple[RecordVerdict, ...]

    def counts(self) -> dict[str, int]:
        """How often each verdict was given; the four add up to the number of records."""
        counted = Counter(verdict.verdict for verdict in self.verdicts)
        return {str(verdict): counted[verdict] for verdict in Verdict}

    def as_json(self) -> dict[str, Any]:
        """The published form."""
        return {
            "object": "batch_receipt",
            "terminal": self.terminal.hex().upper(),
            "batch": self.batch,
            "verdicts": [verdict.as_json() for verdict in self.verdicts],
            "counts": self.counts(),
        }
