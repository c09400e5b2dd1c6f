"""Deciding by four eyes whose the money of taps is: one person proposes, another one agrees, and all of it is booked once, or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from citizencard import audit, chart
from citizencard.approvals.decisions import Proposal, effect_reference, execute, propose
from citizencard.approvals.models import PROPOSED, Approval
from citizencard.audit import Actor
from citizencard.purse.decisions.models import Outcome, TapDecision, TapProposal
from citizencard.purse.uploads.book import SUBSIDY
from citizencard.purse.uploads.judge import Judgement
from citizencard.purse.uploads.models import Reason, RideToRate
from citizencard.purse.uploads.rows import insert_new
from citizencard.purse.uploads.subsidies import subsidy_references
from citizencard.settlement.clearing.models import TapSetAside
from citizencard.settlement.clearing.subsidies import restored_subsidies
from citizencard.settlement.findings.checking import CheckedLine, checked
from citizencard.settlement.findings.errors import TapDecided, TapProposed
from citizencard.settlement.findings.lines import TAP_DECIDE, DecisionLine, check_count, lines_of, payload_of
from citizencard.settlement.findings.repricing import judged_without_doubt
from citizencard.settlement.histories.rides import rate_again
from citizencard.settlement.models import CustodyCertificate
from ledger import Transfer, post
from ledger.models import LedgerDay

DECISION: Final = "decision"
GOODWILL: Final = "goodwill"
MADE_GOOD: Final = "madegood"
"""Kinds of transfers."""
HOTLIST_LOSS: Final = chart.expense("hotlist_loss")
GOODWILL_EXPENSE: Final = chart.expense("goodwill")
_DECISIONS: Final = cast("Table", TapDecision.__table__)
_RIDES: Final = cast("Table", RideToRate.__table__)


def propose_decisions(
    session: Session, lines: Sequence[DecisionLine], reason: str, actor: Actor, now: datetime
) -> Approval:
    """Put a decision about 1 to 500 taps before a second person. No money moves.

    Raises:
        DecisionLinesUnfit: no line, too many, or a tap twice.
        TapProposed: a decision about one of the taps waits already.
        FindingError: a line cannot be carried out as things stand, see `checked`; names the tap.
        FourEyesNeeded: the proposer is not known as a person.
        ReasonUnfit: see `audit.record`.
    """
    check_count(lines, len({line.record_id for line in lines}))
    for record_id, approval_id in waiting_proposals(session, [line.record_id for line in lines], now).items():
        raise TapProposed(f"tap {record_id} is proposed", record=record_id, approval_id=approval_id)
    checked(session, lines)
    proposal = Proposal(TAP_DECIDE, f"tap_{lines[0].record_id}", payload_of(lines), reason)
    approval = propose(session, proposal, actor, now)
    session.add_all(
        TapProposal(approval_id=approval.id, line=number, record_id=line.record_id)
        for number, line in enumerate(lines, start=1)
    )
    session.flush()
    return approval


def waiting_proposals(session: Session, record_ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Which of these taps wait for a second person, with the approval's id."""
    chosen = (
        select(TapProposal.record_id, TapProposal.approval_id)
        .join(Approval, Approval.id == TapProposal.approval_id)
        .where(TapProposal.record_id.in_(record_ids), Approval.state == PROPOSED, Approval.expires_at > now)
        .order_by(TapProposal.id.desc())
    )
    return {row.record_id: row.approval_id for row in session.execute(chosen)}


def decide_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> None:
    """Carry an approved decision out, in the transaction of the approval: decisions, money and rides go together or not at all.

    Raises:
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        FindingError: a line cannot be carried out any more, see `checked`; names the tap, and nothing of the batch is booked.
        LedgerError: see `ledger.post`; nothing is changed.
    """
    lines = lines_of(approval.payload)
    execute(session, approval.id, payload_of(lines), actor, now)
    _take_turns(session)
    ready = checked(session, lines)
    priced = _priced(session, ready)
    rows = [_row(one, number, approval, priced.get(one.record.id)) for number, one in enumerate(ready, start=1)]
    _keep(session, [row | {"decided_by": actor.id, "decided_at": now} for row in rows])
    _count_rides(session, ready, priced, now)
    transfers = [
        transfer
        for one, row in zip(ready, rows, strict=True)
        for transfer in _transfers(one, row, priced.get(one.record.id), now)
    ]
    transfers += restored_subsidies(session, _earned_again(ready), now)
    if transfers:
        chart.open_missing(session, {code for transfer in transfers for code in (transfer.debit, transfer.credit)})
        post(session, transfers, now=now)
    for row in rows:
        audit.record(session, actor, TAP_DECIDE, f"tap_{row['record_id']}", after=_picture(row), now=now)


def _take_turns(session: Session) -> None:
    """Let no close set a tap aside, or take it back, between what is checked here and what is booked.

    Each step of a close holds the row of its day. A close that begins later waits at the ledger's barrier, which the approval has entered.
    """
    settled = select(CustodyCertificate.business_date)
    closing = select(LedgerDay.day).where(LedgerDay.cut_id.is_not(None), LedgerDay.day.not_in(settled))
    session.execute(closing.order_by(LedgerDay.day).with_for_update())


def _priced(session: Session, ready: Sequence[CheckedLine]) -> dict[int, Judgement]:
    """What the rides that merchants are paid for would have come to at upload; where nobody was bound there is no price."""
    wanted = [
        one.record
        for one in ready
        if one.waiting is not None
        and one.waiting.aside is None
        and one.merchant_id is not None
        and one.merchant_id == one.record.merchant_id
    ]
    return judged_without_doubt(session, wanted)


def _earned_again(ready: Sequence[CheckedLine]) -> list[TapSetAside]:
    """Of taps that clearing had set aside, those that their merchants are paid for after all."""
    return [
        one.waiting.aside
        for one in ready
        if one.waiting is not None and one.waiting.aside is not None and one.merchant_id is not None
    ]


def _row(one: CheckedLine, number: int, approval: Approval, judgement: Judgement | None) -> dict[str, Any]:
    reference = effect_reference(approval.id, number) if one.line.amount_fen else None
    made_good = one.line.outcome is Outcome.COMPANY and one.line.amount_fen
    return {
        "record_id": one.record.id,
        "outcome": str(one.line.outcome),
        "amount_fen": one.line.amount_fen,
        "reference": reference,
        "made_good": f"{MADE_GOOD}:tap:{one.record.identity}" if made_good else None,
        "merchant_id": one.merchant_id,
        "credited": one.holder,
        "subsidy_fen": _subsidy_fen(one, judgement),
        "explanation": None if judgement is None else dict(judgement.explanation),
        "finding_to": one.finding_to,
        "approval_id": approval.id,
        "line": number,
    }


def _subsidy_fen(one: CheckedLine, judgement: Judgement | None) -> int:
    if one.waiting is not None and one.waiting.aside is not None and one.merchant_id is not None:
        return one.waiting.aside.subsidy_fen
    return 0 if judgement is None else judgement.subsidy_fen


def _keep(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the decisions down, each tap once: of two transactions about one tap the second waits here for the first, and is refused.

    Raises:
        TapDecided: names the first tap that somebody has decided about meanwhile.
    """
    ordered = sorted(rows, key=lambda row: row["record_id"])
    kept = {row.record_id for row in insert_new(session, _DECISIONS, ordered, "record_id")}
    for row in ordered:
        if row["record_id"] not in kept:
            raise TapDecided(f"tap {row['record_id']} is decided", record=row["record_id"])


def _count_rides(
    session: Session, ready: Sequence[CheckedLine], priced: Mapping[int, Judgement], now: datetime
) -> None:
    """Let the next close count the rides that their holders pay for, by tariffs that look at a card's history.

    A ride that the company makes good was not the holder's, and a time that nobody believes is no place in a history. A ride that was set
    aside is among them already, and counts again.
    """
    paid = [one for one in ready if one.line.outcome is Outcome.MERCHANT]
    rate_again(session, [row.record_id for row in _earned_again(paid)])
    rows = [
        {
            "record_id": one.record.id,
            "card_id": one.record.card_id,
            "tapped_at": one.record.tapped_at,
            "received_at": now,
        }
        for one in ready
        if one.line.outcome is Outcome.MERCHANT
        and one.record.reason != Reason.DATE_OUT_OF_RANGE
        and one.record.id in priced
        and priced[one.record.id].rated_at_close
    ]
    insert_new(session, _RIDES, rows, "record_id")


def _transfers(
    one: CheckedLine, row: Mapping[str, Any], judgement: Judgement | None, now: datetime
) -> Iterator[Transfer]:
    if one.line.amount_fen:
        yield _decided(one, row, now)
    if row["made_good"]:
        yield _transfer(row["made_good"], (HOTLIST_LOSS, str(one.holder)), one.line.amount_fen, MADE_GOOD, now)
    if judgement is not None and one.merchant_id is not None and one.record.tapped_at is not None:
        references = subsidy_references(f"tap:{one.record.identity}", judgement.subsidies)
        payee = chart.subsidy(one.merchant_id)
        for sponsor, owed_fen in judgement.subsidies.items():
            way = (chart.owed("sponsor", sponsor), payee)
            yield _transfer(references[sponsor], way, owed_fen, SUBSIDY, one.record.tapped_at)


def _decided(one: CheckedLine, row: Mapping[str, Any], now: datetime) -> Transfer:
    """Out of suspense to whom it was decided for; goodwill for a record that never debited a purse comes from the company."""
    if one.waiting is None:
        way, kind = (GOODWILL_EXPENSE, chart.subsidy(str(one.merchant_id))), GOODWILL
    else:
        target = str(one.holder) if one.line.outcome is Outcome.HOLDER else chart.clearing(str(one.merchant_id))
        way, kind = (one.waiting.account, target), DECISION
    return _transfer(row["reference"], way, one.line.amount_fen, kind, now)


def _transfer(reference: str, way: tuple[str, str], amount_fen: int, kind: str, at: datetime) -> Transfer:
    debit, credit = way
    return Transfer(reference, debit, credit, amount_fen, kind=kind, occurred_at=at, fact=True)


def _picture(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("record_id", "outcome", "amount_fen", "merchant_id", "approval_id", "line")}
