"""What must hold between rides, what sponsors paid for them and what closes gave back, and the ledger: checks of the proof."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from citizencard import chart
from citizencard.purse.uploads.book import SUBSIDY
from citizencard.purse.uploads.models import TapAdjustment, TapRecord
from citizencard.settlement.histories.adjusting import ADJUST
from ledger import Difference
from ledger.checks import streamed
from ledger.models import Account, PostedTransfer

_TAP: Final = "subsidy:tap:"
_IDENTITY: Final = 32


def adjustments_booked(session: Session) -> Iterator[Difference]:
    """Every adjustment has its transfer from that merchant to that holder, and none is in the books that no ride knows."""
    debit, credit = aliased(Account), aliased(Account)
    kept = (
        select(
            TapAdjustment,
            PostedTransfer.amount_fen.label("fen"),
            PostedTransfer.kind.label("kind"),
            debit.code.label("payer"),
            credit.code.label("payee"),
        )
        .outerjoin(PostedTransfer, PostedTransfer.reference == TapAdjustment.reference)
        .outerjoin(debit, debit.id == PostedTransfer.debit_id)
        .outerjoin(credit, credit.id == PostedTransfer.credit_id)
        .order_by(TapAdjustment.id)
    )
    for row in streamed(session, kept):
        one, found = row.TapAdjustment, (row.fen, row.kind, row.payer, row.payee)
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


def subsidies_booked(session: Session) -> Iterator[Difference]:
    """Sponsors have paid for each ride what its verdict says, all of them together, and for no ride that is not there."""
    identity = func.substr(PostedTransfer.reference, len(_TAP) + 1, _IDENTITY)
    said = select(TapRecord.identity, TapRecord.subsidy_fen.label("said"), literal(0).label("paid"))
    paid = select(identity.label("identity"), literal(0).label("said"), PostedTransfer.amount_fen.label("paid"))
    both = union_all(
        said.where(TapRecord.subsidy_fen > 0),
        paid.where(PostedTransfer.kind == SUBSIDY, PostedTransfer.reference.startswith(_TAP, autoescape=True)),
    ).subquery()
    sums = func.sum(both.c.said), func.sum(both.c.paid)
    found = select(both.c.identity, sums[0].label("said_fen"), sums[1].label("paid_fen")).group_by(both.c.identity)
    for row in streamed(session, found.having(sums[0] != sums[1]).order_by(both.c.identity)):
        yield Difference("subsidy", f"tap:{row.identity}", f"{int(row.said_fen)} fen", f"{int(row.paid_fen)} fen")


def _worded(fen: int | None, kind: str | None, payer: str | None, payee: str | None) -> str:
    return "no transfer" if fen is None else f"{fen} fen, {kind}, {payer} → {payee}"
