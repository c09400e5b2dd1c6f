"""What must hold between rides, what sponsors paid for them and what closes gave back, and the ledger: checks of the proof."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from citizencard import chart
from citizencard.db import is_postgresql
from citizencard.purse.decisions.models import Outcome, TapDecision
from citizencard.purse.uploads.book import SUBSIDY
from citizencard.purse.uploads.models import TapAdjustment, TapRecord, Verdict
from citizencard.settlement.histories.adjusting import ADJUST
from ledger import Difference
from ledger.checks import streamed
from ledger.models import Account, PostedTransfer

_OF: Final = "subsidy:"
_TAP: Final = "subsidy:tap:"
_IDENTITY: Final = 32
_Found = tuple[int | None, str | None, str | None, str | None]
"""Fen, kind, payer, payee of a transfer."""


def adjustments_booked(session: Session) -> Iterator[Difference]:
    """Every adjustment has its transfer from that merchant to that holder, and none is in the books that no ride knows."""
    for one, found in _transfers_of(session, TapAdjustment.reference, select(TapAdjustment)):
        expected = (one.amount_fen, ADJUST, chart.clearing(one.merchant_id), chart.due(one.card_id))
        if found != expected:
            yield Difference("adjustment", one.reference, _worded(*expected), _worded(*found))
    unknown = (
        select(PostedTransfer.reference, PostedTransfer.amount_fen)
        .outerjoin(TapAdjustment, TapAdjustment.reference == PostedTransfer.reference)
        .where(PostedTransfer.kind == ADJUST, TapAdjustment.id.is_(None))
        .order_by(PostedTransfer.id)
    )
    for row in streamed(session, unknown):
        yield Difference("adjustment", row.reference, "a ride that it is for", f"{row.amount_fen} fen for none")


def adjustments_subsidised(session: Session) -> Iterator[Difference]:
    """Of every adjustment the named sponsor pays that merchant the whole, or nobody anything; and no sponsor pays for none."""
    reference = literal(_OF) + TapAdjustment.reference
    for one, found in _transfers_of(session, reference, select(TapAdjustment).where(TapAdjustment.subsidy_fen > 0)):
        expected = (one.subsidy_fen, SUBSIDY, chart.owed("sponsor", str(one.sponsor)), chart.subsidy(one.merchant_id))
        if found != expected:
            yield Difference("adjustment_subsidy", one.reference, _worded(*expected), _worded(*found))
    unknown = (
        select(PostedTransfer.reference, PostedTransfer.amount_fen)
        .outerjoin(
            TapAdjustment,
            and_(PostedTransfer.reference == literal(_OF) + TapAdjustment.reference, TapAdjustment.subsidy_fen > 0),
        )
        .where(PostedTransfer.kind == SUBSIDY, PostedTransfer.reference.startswith(f"{_OF}{ADJUST}:", autoescape=True))
        .where(TapAdjustment.id.is_(None))
        .order_by(PostedTransfer.id)
    )
    for row in streamed(session, unknown):
        yield Difference(
            "adjustment_subsidy", row.reference, "an adjustment that it is for", f"{row.amount_fen} fen for none"
        )


def adjustments_within_fares(session: Session) -> Iterator[Difference]:
    """No close has ever given back more of a ride than was paid for it."""
    given = func.sum(TapAdjustment.amount_fen)
    found = (
        select(TapRecord.id, TapRecord.amount_fen, given.label("given_fen"))
        .join(TapAdjustment, TapAdjustment.record_id == TapRecord.id)
        .group_by(TapRecord.id, TapRecord.amount_fen)
        .having(given > TapRecord.amount_fen)
        .order_by(TapRecord.id)
    )
    for row in streamed(session, found):
        expected, given_fen = f"at most the {row.amount_fen} fen paid", f"{row.given_fen} fen given back"
        yield Difference("adjustment_too_high", f"tap {row.id}", expected, given_fen)


def adjustments_of_parties(session: Session) -> Iterator[Difference]:
    """What was given back of a ride came from the merchant that earned it, and went to the card that paid, of an accepted tap."""
    found = (
        select(TapAdjustment.reference, TapAdjustment.merchant_id, TapAdjustment.card_id)
        .join(TapRecord, TapRecord.id == TapAdjustment.record_id)
        .outerjoin(TapDecision, TapDecision.record_id == TapRecord.id)
        .where(
            or_(
                and_(
                    TapRecord.verdict != Verdict.ACCEPTED,
                    func.coalesce(TapDecision.outcome, "") != Outcome.MERCHANT.value,
                ),
                TapRecord.merchant_id.is_distinct_from(TapAdjustment.merchant_id),
                TapRecord.card_id.is_distinct_from(TapAdjustment.card_id),
            )
        )
        .order_by(TapAdjustment.id)
    )
    for row in streamed(session, found):
        yield Difference(
            "adjustment_parties", row.reference, "merchant and card of the ride", f"{row.merchant_id}, {row.card_id}"
        )


def subsidies_booked(session: Session) -> Iterator[Difference]:
    """Sponsors have paid for each ride what its verdict says, all of them together, and for no ride that is not there."""
    identity = func.substr(PostedTransfer.reference, len(_TAP) + 1, _IDENTITY)
    said = select(TapRecord.identity, TapRecord.subsidy_fen.label("said"), literal(0).label("paid"))
    paid = select(identity.label("identity"), literal(0).label("said"), PostedTransfer.amount_fen.label("paid"))
    # A ride that was in doubt at upload is subsidised by the decision for its merchant; one that was set aside is not in doubt there.
    decided = (
        select(TapRecord.identity, TapDecision.subsidy_fen.label("said"), literal(0).label("paid"))
        .join(TapDecision, TapDecision.record_id == TapRecord.id)
        .where(TapRecord.verdict == Verdict.SUSPICIOUS, TapDecision.subsidy_fen > 0)
    )
    both = union_all(
        said.where(TapRecord.subsidy_fen > 0),
        decided,
        paid.where(PostedTransfer.kind == SUBSIDY, PostedTransfer.reference.startswith(_TAP, autoescape=True)),
    ).subquery()
    sums = func.sum(both.c.said), func.sum(both.c.paid)
    found = select(both.c.identity, sums[0].label("said_fen"), sums[1].label("paid_fen")).group_by(both.c.identity)
    for row in streamed(session, found.having(sums[0] != sums[1]).order_by(both.c.identity)):
        yield Difference("subsidy", f"tap:{row.identity}", f"{int(row.said_fen)} fen", f"{int(row.paid_fen)} fen")


def subsidies_of_parties(session: Session) -> Iterator[Difference]:
    """What sponsors have paid for rides, each has paid as the explanation of the price says, and the merchant of the ride has it."""
    debit, credit = aliased(Account), aliased(Account)
    sponsor = func.substr(debit.code, len(chart.owed("sponsor", "")) + 1)
    explained = func.coalesce(TapDecision.explanation, TapRecord.explanation)
    said: ColumnElement[int] = (
        cast(func.jsonb_extract_path_text(explained, "subsidies", sponsor), BigInteger)
        if is_postgresql(session)
        else func.json_extract(explained, literal('$.subsidies."') + sponsor + literal('"'))
    )
    payee = literal("merchant:") + TapRecord.merchant_id + literal(":subsidy")
    found = (
        select(
            PostedTransfer.reference, PostedTransfer.amount_fen, debit.code.label("payer"), credit.code.label("payee")
        )
        .join(debit, debit.id == PostedTransfer.debit_id)
        .join(credit, credit.id == PostedTransfer.credit_id)
        .join(TapRecord, TapRecord.identity == func.substr(PostedTransfer.reference, len(_TAP) + 1, _IDENTITY))
        .outerjoin(TapDecision, TapDecision.record_id == TapRecord.id)
        .where(PostedTransfer.kind == SUBSIDY, PostedTransfer.reference.startswith(_TAP, autoescape=True))
        .where(or_(credit.code != payee, func.coalesce(said, 0) != PostedTransfer.amount_fen))
        .order_by(PostedTransfer.id)
    )
    for row in streamed(session, found):
        paid = _worded(row.amount_fen, SUBSIDY, row.payer, row.payee)
        yield Difference("subsidy_parties", row.reference, "as the price of the ride says", paid)


def _transfers_of(
    session: Session, reference: SQLColumnExpression[str], chosen: Select[TapAdjustment]
) -> Iterator[tuple[TapAdjustment, _Found]]:
    """Adjustments with the transfer of a reference: fen, kind, payer and payee, or four times None."""
    debit, credit = aliased(Account), aliased(Account)
    kept = (
        chosen.add_columns(
            PostedTransfer.amount_fen.label("fen"),
            PostedTransfer.kind.label("kind"),
            debit.code.label("payer"),
            credit.code.label("payee"),
        )
        .outerjoin(PostedTransfer, PostedTransfer.reference == reference)
        .outerjoin(debit, debit.id == PostedTransfer.debit_id)
        .outerjoin(credit, credit.id == PostedTransfer.credit_id)
        .order_by(TapAdjustment.id)
    )
    for row in streamed(session, kept):
        yield row.TapAdjustment, (row.fen, row.kind, row.payer, row.payee)


def _worded(fen: int | None, kind: str | None, payer: str | None, payee: str | None) -> str:
    return "no transfer" if fen is None else f"{fen} fen, {kind}, {payer} → {payee}"
