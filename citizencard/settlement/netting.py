"""Netting (轧差): what a merchant's clearing held at the cut, less what the close set aside or gave back, moves to payable, once."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.merchants.models import Merchant
from citizencard.purse.uploads.models import TapAdjustment
from citizencard.settlement.clearing.asides import set_aside_sums
from citizencard.settlement.models import NetPosition
from ledger import ClosedDay, Transfer, post
from ledger.cuts import sums_until

KIND = "net"
MERCHANT_FAMILIES = (
    "merchant:<m>:clearing",
    "merchant:<m>:payable",
    "merchant:<m>:subsidy",
    "merchant:<m>:suspense",
)


def net(session: Session, closed: ClosedDay, now: datetime) -> Sequence[NetPosition]:
    """Net every merchant for a closed day: clearing → payable as at the cut, the other way round when it is below zero.

    What clearing set aside and what history rules gave back when the day was closed is the day's: it is booked after the cut, and counted
    here.

    The money settles in the day that is open now: the closed one stays as it is. Again, it answers with the positions that were stored.
    """
    stored = positions_of(session, closed.day)
    if stored:
        return stored
    held = {found.code: found.balance_fen for found in sums_until(session, closed.cut_id, MERCHANT_FAMILIES)}
    for merchant_id, aside_fen, returned_fen in set_aside_sums(session, closed.day):
        for code, fen in (
            (chart.clearing(merchant_id), -aside_fen),
            (chart.merchant_suspense(merchant_id), aside_fen),
            (chart.subsidy(merchant_id), -returned_fen),
        ):
            held[code] = held.get(code, 0) + fen
    for merchant_id, given_fen, subsidy_fen in given_back(session, closed.day):
        for code, fen in ((chart.clearing(merchant_id), -given_fen), (chart.subsidy(merchant_id), subsidy_fen)):
            held[code] = held.get(code, 0) + fen
    positions = [
        _position(closed.day, merchant_id, held)
        for merchant_id in session.execute(select(Merchant.id).order_by(Merchant.id)).scalars()
    ]
    transfers = [_transfer(position, closed) for position in positions if position.clearing_fen]
    if transfers:
        chart.open_missing(session, [code for transfer in transfers for code in (transfer.debit, transfer.credit)])
        post(session, transfers, now=now)
    session.add_all(positions)
    session.flush()
    return positions


def positions_of(session: Session, day: date) -> Sequence[NetPosition]:
    """The stored net positions of a closed day, by merchant."""
    return session.scalars(
        select(NetPosition).where(NetPosition.business_date == day).order_by(NetPosition.merchant_id)
    ).all()


def given_back(session: Session, day: date) -> list[tuple[str, int, int]]:
    """By merchant: what the close of a day gave back to holders, and what sponsors pay of it, in fen."""
    sums = func.sum(TapAdjustment.amount_fen), func.sum(TapAdjustment.subsidy_fen)
    chosen = select(TapAdjustment.merchant_id, *sums).where(TapAdjustment.business_date == day)
    found = session.execute(chosen.group_by(TapAdjustment.merchant_id))
    return [(merchant_id, int(given_fen), int(subsidy_fen)) for merchant_id, given_fen, subsidy_fen in found]


def _position(day: date, merchant_id: str, held: dict[str, int]) -> NetPosition:
    clearing_fen = held.get(chart.clearing(merchant_id), 0)
    return NetPosition(
        business_date=day,
        merchant_id=merchant_id,
        clearing_fen=clearing_fen,
        payable_fen=held.get(chart.payable(merchant_id), 0) + clearing_fen,
        subsidy_fen=held.get(chart.subsidy(merchant_id), 0),
        suspense_fen=held.get(chart.merchant_suspense(merchant_id), 0),
    )


def _transfer(position: NetPosition, closed: ClosedDay) -> Transfer:
    clearing, payable = chart.clearing(position.merchant_id), chart.payable(position.merchant_id)
    debit, credit = (clearing, payable) if position.clearing_fen > 0 else (payable, clearing)
    return Transfer(
        reference=f"net:{position.merchant_id}:{position.business_date:%Y-%m-%d}",
        debit=debit,
        credit=credit,
        amount_fen=abs(position.clearing_fen),
        kind=KIND,
        # The instant of the close, not of this run: a repeat must have the same fingerprint.
        occurred_at=closed.closed_at,
        fact=True,
    )
