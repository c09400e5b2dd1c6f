"""Write a judged batch down: records, findings and money in the caller's one transaction, by a fixed number of statements.

Who comes second is decided here, by the unique keys of bytes and of taps: two uploads of one tap at the same time wait for each other,
one books it, and the other repeats its verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.purse.uploads.facts import Facts
from citizencard.purse.uploads.findings import keep_findings
from citizencard.purse.uploads.judge import Judgement
from citizencard.purse.uploads.known import known_records
from citizencard.purse.uploads.models import Reason, RideToRate, Verdict
from citizencard.purse.uploads.receipts import RecordVerdict
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.purse.uploads.rows import insert_new
from citizencard.purse.uploads.subsidies import subsidy_references
from citizencard.purse.uploads.tap_rows import insert_taps
from ledger import Transfer, post
from ledger.instants import canonical

PURCHASE: Final = "purchase"
SUBSIDY: Final = "subsidy"
_RIDES: Final = cast("Table", RideToRate.__table__)


class Judged(NamedTuple):
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


def book(session: Session, origin: Origin, judged: Sequence[Judged]) -> dict[str, int]:
    """Write down what is new and move its money; returns the ids of the new rows by the digest of their bytes.

    Args:
        session: joined, never committed: records, findings and money go together or not at all.
        origin: where the records come from.
        judged: in file order, no two with the same bytes; of two that are the same tap the first counts.

    Raises:
        NoOpenDay: the books have not been begun.
    """
    explanations: dict[int, tuple[int, Mapping[str, Any]]] = {}
    rows = [_row(one, ordinal, explanations) for ordinal, one in _sorted(judged)]
    shared = {
        "batch_id": origin.batch_id,
        "terminal_number": origin.terminal.hex().upper(),
        "received_at": canonical(origin.received_at),
    }
    ids = insert_taps(session, shared, rows, [explanation for _, explanation in explanations.values()])
    new = [(ids[ordinal], one) for ordinal, one in enumerate(judged) if ordinal in ids]
    keep_findings(session, {number: one.judgement for number, one in new}, origin.received_at)
    _remember_rides(session, {number: one for number, one in new if one.judgement.rated_at_close}, origin)
    _move_money(session, [one for _, one in new], origin)
    return {one.digest: number for number, one in new}


def say_verdicts(
    session: Session, terminal: bytes, named: Sequence[tuple[PurchaseRecord, str]], fresh: Mapping[str, Judgement]
) -> list[RecordVerdict]:
    """The verdict on each record, in file order: the first of new bytes gets its own, all others repeat that of their bytes or their tap.

    Nothing is judged a second time: today's registry could say something else.

    Args:
        session: in which `book` has just written.
        terminal: the batch's terminal number.
        named: what came, with the digest of its bytes.
        fresh: the judgements that `book` wrote down, by digest.
    """
    first, repeated = dict(fresh), {}
    for record, digest in named:
        if first.pop(digest, None) is None:
            repeated[digest] = record.identity(terminal)
    known = known_records(session, list(repeated), list(repeated.values()))
    first, answers = dict(fresh), []
    for record, digest in named:
        judgement = first.pop(digest, None)
        if judgement is not None:
            findings = tuple(sorted(judgement.findings)) if judgement.findings else ()
            answers.append(RecordVerdict(record, judgement.verdict, None, judgement.reason, findings))
        else:
            earlier = known[digest] if digest in known else known[repeated[digest]]
            answers.append(RecordVerdict(record, Verdict.DUPLICATE, earlier.verdict, earlier.reason, earlier.findings))
    return answers


def _sorted(judged: Sequence[Judged]) -> list[tuple[int, Judged]]:
    """In the order in which they are entered: taps sorted, so that two uploads of the same ones never wait for each other crosswise.

    Bad TACs claim no tap. They come last and in file order, under the locks of `limits`: their ids tell which of them came first.
    """
    numbered = list(enumerate(judged))
    bad = [pair for pair in numbered if pair[1].judgement.reason is Reason.BAD_TAC]
    if bad:
        numbered = [pair for pair in numbered if pair[1].judgement.reason is not Reason.BAD_TAC]
    numbered.sort(key=lambda pair: pair[1].identity)
    return numbered + bad


def _row(one: Judged, ordinal: int, explanations: dict[int, tuple[int, Mapping[str, Any]]]) -> tuple[Any, ...]:
    """The values of `tap_rows.COLUMNS`. Equal explanations are one object mostly: each object gets a place of its own."""
    record, judgement, facts = one.record, one.judgement, one.facts
    card = None if facts is None else facts.card
    tapped_at = record.tapped_at()
    explained = explanations.setdefault(id(judgement.explanation), (len(explanations), judgement.explanation))
    return (
        ordinal,
        one.digest,
        one.identity if judgement.claims_identity else None,
        record.kind,
        judgement.verdict.value,
        None if judgement.reason is None else judgement.reason.value,
        record.terminal_sequence,
        record.card_serial.hex().upper(),
        record.card_counter,
        None if card is None else card.card_id,
        None if card is None else card.card_class,
        None if facts is None else facts.binding.merchant_id,
        None if facts is None else facts.binding.line,
        record.tac.hex().upper(),
        record.amount_fen,
        record.balance_after_fen,
        judgement.subsidy_fen,
        None if tapped_at is None else canonical(tapped_at),
        record.tariff_version,
        explained[0],
    )


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
