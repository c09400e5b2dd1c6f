"""What must hold between decisions about taps and the ledger: checks of the proof."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from citizencard import chart
from citizencard.approvals.models import EXECUTED, Approval
from citizencard.purse.decisions.models import Outcome, TapDecision
from citizencard.purse.uploads.models import TapRecord, Verdict
from citizencard.settlement.clearing.models import TapSetAside
from citizencard.settlement.findings.deciding import DECISION, GOODWILL, GOODWILL_EXPENSE, HOTLIST_LOSS, MADE_GOOD
from citizencard.settlement.findings.lines import TAP_DECIDE
from citizencard.settlement.findings.suspended import is_aside
from ledger import Difference
from ledger.checks import streamed
from ledger.models import Account, PostedTransfer


def decisions_booked(session: Session) -> Iterator[Difference]:
    """Every decision has its transfer out of the suspense of its tap, or from the company, to whom it was decided for; no other has."""
    debit, credit = aliased(Account), aliased(Account)
    is_goodwill = TapDecision.outcome == Outcome.GOODWILL.value
    payer = case(
        (is_goodwill, literal(GOODWILL_EXPENSE)),
        else_=literal("merchant:")
        + func.coalesce(TapRecord.merchant_id, chart.UNKNOWN_MERCHANT)
        + literal(":suspense"),
    )
    payee = case(
        (is_goodwill, _of_merchant("subsidy")),
        (TapDecision.outcome == Outcome.HOLDER.value, TapDecision.credited),
        else_=_of_merchant("clearing"),
    )
    kind = case((is_goodwill, GOODWILL), else_=DECISION)
    chosen = (
        select(
            TapDecision.record_id,
            TapDecision.amount_fen,
            TapDecision.outcome,
            PostedTransfer.amount_fen.label("fen"),
            debit.code.label("payer"),
            credit.code.label("payee"),
        )
        .join(TapRecord, TapRecord.id == TapDecision.record_id)
        .outerjoin(PostedTransfer, PostedTransfer.reference == TapDecision.reference)
        .outerjoin(debit, debit.id == PostedTransfer.debit_id)
        .outerjoin(credit, credit.id == PostedTransfer.credit_id)
    )
    booked = and_(
        PostedTransfer.amount_fen == TapDecision.amount_fen,
        PostedTransfer.kind == kind,
        debit.code == payer,
        credit.code == payee,
    )
    free = and_(TapDecision.amount_fen == 0, PostedTransfer.id.is_(None))
    wrong = chosen.where(_is_not(or_(booked, free))).order_by(TapDecision.id)
    for row in streamed(session, wrong):
        found = "no transfer" if row.fen is None else f"{row.fen} fen, {row.payer} → {row.payee}"
        yield Difference("decision", f"tap {row.record_id}", f"{row.amount_fen} fen for the {row.outcome}", found)
    yield from _nobodys(session, TapDecision.reference, (DECISION, GOODWILL))


def made_good(session: Session) -> Iterator[Difference]:
    """What the company bears it has given to the account of the holder, as much as the tap took; and nothing for any other tap."""
    debit, credit = aliased(Account), aliased(Account)
    chosen = (
        select(
            TapDecision.record_id,
            TapDecision.amount_fen,
            PostedTransfer.amount_fen.label("fen"),
            debit.code.label("payer"),
            credit.code.label("payee"),
        )
        .join(TapRecord, TapRecord.id == TapDecision.record_id)
        .outerjoin(PostedTransfer, PostedTransfer.reference == TapDecision.made_good)
        .outerjoin(debit, debit.id == PostedTransfer.debit_id)
        .outerjoin(credit, credit.id == PostedTransfer.credit_id)
        .where(TapDecision.outcome == Outcome.COMPANY.value, TapDecision.amount_fen > 0)
    )
    booked = and_(
        TapDecision.made_good == literal(f"{MADE_GOOD}:tap:") + TapRecord.identity,
        PostedTransfer.amount_fen == TapDecision.amount_fen,
        PostedTransfer.kind == MADE_GOOD,
        debit.code == HOTLIST_LOSS,
        credit.code == TapDecision.credited,
    )
    for row in streamed(session, chosen.where(_is_not(booked)).order_by(TapDecision.id)):
        found = "no transfer" if row.fen is None else f"{row.fen} fen, {row.payer} → {row.payee}"
        yield Difference("made_good", f"tap {row.record_id}", f"{row.amount_fen} fen to its holder", found)
    yield from _nobodys(session, TapDecision.made_good, (MADE_GOOD,))


def decisions_within(session: Session) -> Iterator[Difference]:
    """A decision is about all that was in suspense of its tap, goodwill about no more than its record says, and two people agreed."""
    aside = select(TapSetAside.record_id, TapSetAside.amount_fen).where(is_aside()).subquery()
    is_goodwill = TapDecision.outcome == Outcome.GOODWILL.value
    right = or_(
        and_(is_goodwill, TapRecord.verdict == Verdict.REJECTED, TapDecision.amount_fen <= TapRecord.amount_fen),
        and_(
            ~is_goodwill,
            TapRecord.verdict == Verdict.SUSPICIOUS,
            TapDecision.amount_fen == TapRecord.amount_fen,
        ),
        and_(~is_goodwill, TapRecord.verdict == Verdict.ACCEPTED, TapDecision.amount_fen == aside.c.amount_fen),
    )
    agreed = and_(Approval.act == TAP_DECIDE, Approval.state == EXECUTED)
    chosen = (
        select(TapDecision.record_id, TapDecision.amount_fen, TapDecision.outcome, TapDecision.approval_id)
        .join(TapRecord, TapRecord.id == TapDecision.record_id)
        .join(Approval, Approval.id == TapDecision.approval_id)
        .outerjoin(aside, aside.c.record_id == TapDecision.record_id)
        .where(_is_not(and_(right, agreed)))
        .order_by(TapDecision.id)
    )
    for row in streamed(session, chosen):
        found = f"{row.amount_fen} fen for the {row.outcome} by {row.approval_id}"
        yield Difference("decision_unfit", f"tap {row.record_id}", "all that was undecided, by two people", found)


def _nobodys(
    session: Session, reference: SQLColumnExpression[str | None], kinds: tuple[str, ...]
) -> Iterator[Difference]:
    unknown = (
        select(PostedTransfer.reference, PostedTransfer.amount_fen)
        .outerjoin(TapDecision, reference == PostedTransfer.reference)
        .where(PostedTransfer.kind.in_(kinds), TapDecision.id.is_(None))
        .order_by(PostedTransfer.id)
    )
    for row in streamed(session, unknown):
        yield Difference("decision", row.reference, "a decision that it is for", f"{row.amount_fen} fen for none")


def _of_merchant(account: str) -> ColumnElement[str]:
    return literal("merchant:") + TapDecision.merchant_id + literal(f":{account}")


def _is_not(right: ColumnElement[bool]) -> ColumnElement[bool]:
    """Not so, or not known to be so."""
    return func.coalesce(right, literal(value=False)).is_(False)
