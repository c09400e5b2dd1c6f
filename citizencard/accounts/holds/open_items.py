"""Parts of holds that came too late and were not paid: goods that a merchant delivered at its own risk (flow 17)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from citizencard.accounts.holds.models import HoldSettlement, OnlineHold
from citizencard.accounts.holds.placing import hold_reference, name_of
from citizencard.accounts.models import PurchaseVerdict

MAX_PAGE: Final = 101
"""A page of a list and one more, which says whether there is another."""


@dataclass(frozen=True, slots=True)
class UnpaidPart:
    """An open item.

    Args:
        id: its place in the list.
        reference: the part's name in the books, under which nothing stands.
        merchant_id, terminal_id, account_id: who delivered, where, and whose account did not pay.
        amount_fen: how much.
        reason: why the account did not pay.
        happened_at, received_at: when it was delivered, and when we heard of it.
    """

    id: int
    reference: str
    merchant_id: str
    terminal_id: str
    account_id: str
    amount_fen: int
    reason: str
    happened_at: datetime
    received_at: datetime


def unpaid_parts(session: Session, after: int = 0, limit: int = MAX_PAGE) -> list[UnpaidPart]:
    """Open items in the order of their arrival, after an id; at most 101. An item closes when a later part of its hold is paid."""
    later = aliased(HoldSettlement)
    made_good = exists().where(
        later.hold_id == HoldSettlement.hold_id, later.id > HoldSettlement.id, later.verdict == PurchaseVerdict.APPROVED
    )
    wanted = (
        select(HoldSettlement, OnlineHold)
        .join(OnlineHold, OnlineHold.id == HoldSettlement.hold_id)
        .where(HoldSettlement.verdict == PurchaseVerdict.REFUSED, HoldSettlement.id > after, ~made_good)
        .order_by(HoldSettlement.id)
        .limit(min(limit, MAX_PAGE))
    )
    return [_item(part, row) for part, row in session.execute(wanted)]


def _item(part: HoldSettlement, row: OnlineHold) -> UnpaidPart:
    return UnpaidPart(
        id=part.id,
        reference=f"settle:{hold_reference(name_of(row))}:{part.n}",
        merchant_id=row.merchant_id,
        terminal_id=row.terminal_id,
        account_id=row.account_id or "",
        amount_fen=part.amount_fen,
        reason=part.reason or "",
        happened_at=part.happened_at,
        received_at=part.received_at,
    )
