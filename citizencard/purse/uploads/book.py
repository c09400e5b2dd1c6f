"""Write a judged batch down: records, findings and money in the caller's one transaction, by a fixed number of statements.

Who comes second is decided here, by the unique keys of bytes and of taps: two uploads of one tap at the same time wait for each other,
one books it, and the other repeats its verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.purse.uploads.batches import Batch
from citizencard.purse.uploads.facts import Facts
from citizencard.purse.uploads.findings import keep_findings
from citizencard.purse.uploads.judge import Judgement
from citizencard.purse.uploads.known import known_records
from citizencard.purse.uploads.models import RideToRate, TapRecord, Verdict
from citizencard.purse.uploads.receipts import RecordVerdict
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.purse.uploads.rows import insert_new
from citizencard.purse.uploads.subsidies import subsidy_references
from ledger import Transfer, post

PURCHASE: Final = "purchase"
SUBSIDY: Final = "subsidy"
_TAPS: Final = cast("Table", TapRecord.__table__)
_RIDES: Final = cast("Table", RideToRate.__table__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A record with everything that is known about it before it is written.

    Args:
        record: what was sent.
        digest: names its bytes.
        identity: names the tap that it says it is.
        facts: what the registry says, None when it is malformed.
        judgement: accepted, suspicious or rejected.
    """

    record: PurchaseRecord
    digest: str
    identity: str
    facts: Facts | None
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from.

    Args:
        batch_id: the upload's row.
        terminal: its terminal number, 6 bytes.
        received_at: when it came.
    """

    batch_id: int
    terminal: bytes
    received_at: datetime


def book(session: Session, origin: Origin, judged: Sequence[Judged]) -> set[str]:
    """Write down what is new and move its money; returns the digests of what was.

    Args:
        session: joined, never committed: records, findings and money go together or not at all.
        origin: where the records come from.
        judged: in file order, no two with the same bytes; of two that are the same tap the first counts.

    Raises:
        NoOpenDay: the books have not been begun.
    """
    ordered = sorted(enumerate(judged), key=lambda pair: (pair[1].identity, pair[0]))
    inserted = insert_new(session, _TAPS, [_row(one, origin, ordinal) for ordinal, one in ordered], "id, digest")
    ids = {row.digest: int(row.id) for row in inserted}
    new = [one for one in judged if one.digest in ids]
    keep_findings(session, {ids[one.digest]: one.judgement for one in new}, origin.received_at)
    _remember_rides(session, {ids[one.digest]: one for one in new if one.judgement.rated_at_close}, origin)
    _move_money(session, new, origin)
    return set(ids)


def say_verdicts(session: Session, batch: Batch, new: set[str]) -> list[RecordVerdict]:
    """The verdict on each record, in file order: the first of new bytes gets its own, all others repeat that of their bytes or their tap.

    Nothing is judged a second time: today's registry could say something else.

    Args:
        session: in which `book` has just written.
        batch: what came.
        new: digests that `book` wrote down.
    """
    named = [(record, record.digest(batch.terminal), record.identity(batch.terminal)) for record in batch.records]
    known = known_records(session, [digest for _, digest, _ in named], [identity for _, _, identity in named])
    left, answers = set(new), []
    for record, digest, identity in named:
        first = known[digest] if digest in known else known[identity]
        if digest in left:
            left.remove(digest)
            answers.append(RecordVerdict(record, first.verdict, None, first.reason, first.findings))
        else:
            answers.append(RecordVerdict(record, Verdict.DUPLICATE, first.verdict, first.reason, first.findings))
    return answers


def _row(one: Judged, origin: Origin, ordinal: int) -> dict[str, Any]:
    record, judgement = one.record, one.judgement
    card = None if one.facts is None else one.facts.card
    binding = None if one.facts is None else one.facts.binding
    return {
        "digest": one.digest,
        "identity": one.identity if judgement.claims_identity else None,
        "batch_id": origin.batch_id,
        "ordinal": ordinal,
        "kind": record.kind,
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "terminal_number": origin.terminal.hex().upper(),
        "terminal_sequence": record.terminal_sequence,
        "card_serial": record.card_serial.hex().upper(),
        "card_counter": record.card_counter,
        "card_id": None if card is None else card.card_id,
        "card_class": None if card is None else card.card_class,
        "merchant_id": None if binding is None else binding.merchant_id,
        "line": None if binding is None else binding.line,
        "tac": record.tac.hex().upper(),
        "amount_fen": record.amount_fen,
        "balance_after_fen": record.balance_after_fen,
        "subsidy_fen": judgement.subsidy_fen,
        "tapped_at": record.tapped_at(),
        "received_at": origin.received_at,
        "explanation": dict(judgement.explanation),
        "tariff_version": record.tariff_version,
    }


def _remember_rides(session: Session, rides: Mapping[int, Judged], origin: Origin) -> None:
    """Let the close of the day rate those whose tariff has rules over a card's history."""
    rows = [
        {
            "record_id": record_id,
            "card_id": one.facts.card.card_id,
            "tapped_at": one.record.tapped_at(),
            "received_at": origin.received_at,
        }
        for record_id, one in rides.items()
        if one.facts is not None and one.facts.card is not None
    ]
    insert_new(session, _RIDES, rows, "record_id")


def _move_money(session: Session, new: Sequence[Judged], origin: Origin) -> None:
    """All money of the batch in one posting: each new tap debits its purse once, and sponsors pay the difference (flows 6 and 11)."""
    transfers = [transfer for one in new for transfer in _transfers(one, origin)]
    if transfers:
        chart.open_missing(session, {code for transfer in transfers for code in (transfer.debit, transfer.credit)})
        post(session, transfers, now=origin.received_at)


def _transfers(one: Judged, origin: Origin) -> list[Transfer]:
    card = None if one.facts is None else one.facts.card
    tapped_at = one.record.tapped_at()
    if not one.judgement.claims_identity or one.facts is None or card is None or tapped_at is None:
        return []
    merchant_id = one.facts.binding.merchant_id
    accepted = one.judgement.verdict is Verdict.ACCEPTED and merchant_id is not None
    reference = f"tap:{one.identity}"
    origins: dict[str, str | int] = {
        "terminal": origin.terminal.hex().upper(),
        "sequence": one.record.terminal_sequence,
    }
    transfers = []
    if one.record.amount_fen:
        payee = merchant_id or chart.UNKNOWN_MERCHANT
        transfers.append(
            Transfer(
                reference=reference,
                debit=chart.purse(card.card_id),
                credit=chart.clearing(payee) if accepted else chart.merchant_suspense(payee),
                amount_fen=one.record.amount_fen,
                kind=PURCHASE,
                occurred_at=tapped_at,
                metadata=origins,
                fact=True,
            )
        )
    owed = one.judgement.subsidies if accepted else {}
    references = subsidy_references(reference, owed)
    transfers += [
        Transfer(
            reference=references[sponsor],
            debit=chart.owed("sponsor", sponsor),
            credit=chart.subsidy(str(merchant_id)),
            amount_fen=owed_fen,
            kind=SUBSIDY,
            occurred_at=tapped_at,
            metadata=origins,
            fact=True,
        )
        for sponsor, owed_fen in owed.items()
    ]
    return transfers
