"""The answer to an upload: one verdict per record, in file order. The terminal deletes what has a verdict, and nothing else."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from citizencard.purse.uploads.limits import KeptReason
from citizencard.purse.uploads.models import Verdict
from citizencard.purse.uploads.records import PurchaseRecord


class RecordVerdict(NamedTuple):
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


class KeptRecord(NamedTuple):
    """A record that was not judged: the terminal keeps it, and sends it again.

    Args:
        record: what it is about.
        reason: why.
    """

    record: PurchaseRecord
    reason: KeptReason

    def as_json(self) -> dict[str, Any]:
        """The published form."""
        return {
            "terminal_sequence": self.record.terminal_sequence,
            "card_serial": self.record.card_serial.hex().upper(),
            "tac": self.record.tac.hex().upper(),
            "reason": str(self.reason),
        }


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """The answer to one batch.

    Args:
        terminal: the batch's terminal number, 6 bytes.
        batch: its number.
        verdicts: of the records that were judged, now or before, in file order.
        kept: those that were not, in file order; no record is in both.
    """

    terminal: bytes
    batch: int
    verdicts: tuple[RecordVerdict, ...]
    kept: tuple[KeptRecord, ...] = ()

    def counts(self) -> dict[str, int]:
        """How often each verdict was given; the four add up to the number of records that are not kept."""
        counted = Counter(verdict.verdict for verdict in self.verdicts)
        return {str(verdict): counted[verdict] for verdict in Verdict}

    def as_json(self) -> dict[str, Any]:
        """The published form."""
        return {
            "object": "batch_receipt",
            "terminal": self.terminal.hex().upper(),
            "batch": self.batch,
            "verdicts": [verdict.as_json() for verdict in self.verdicts],
            "kept": [one.as_json() for one in self.kept],
            "counts": self.counts(),
        }

    def as_text(self) -> str:
        """The published form as JSON text, put together line by line: a city's evening has millions of lines, and all are alike."""
        verdicts = ",".join([_line(*one) for one in self.verdicts])
        kept = json.dumps([one.as_json() for one in self.kept], separators=(",", ":"))
        counts = json.dumps(self.counts(), separators=(",", ":"))
        return (
            f'{{"object":"batch_receipt","terminal":"{self.terminal.hex().upper()}","batch":{self.batch},'
            f'"verdicts":[{verdicts}],"kept":{kept},"counts":{counts}}}'
        )


def _line(
    record: PurchaseRecord, verdict: Verdict, original: Verdict | None, reason: str | None, findings: Sequence[str]
) -> str:
    """One verdict: numbers, hexadecimal digits and words of ours, so that nothing needs to be escaped."""
    return (
        f'{{"terminal_sequence":{record.terminal_sequence},"card_serial":"{record.card_serial.hex().upper()}",'
        f'"tac":"{record.tac.hex().upper()}","verdict":{_word(verdict)},"original":{_word(original)},'
        f'"reason":{_word(reason)},"findings":[{",".join(map(_word, findings))}]}}'
    )


def _word(word: str | None) -> str:
    return "null" if word is None else f'"{word}"'
