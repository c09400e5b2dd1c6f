"""Refunds that two people decide: proposed by one, approved by another, in part or whole, never more than was paid.

The effect moves the money into `refund:<payment>` and writes the refund down with its key; it is sent after the commit.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor
from citizencard.billing import paying
from citizencard.checkout.errors import RefundNotPossible, RefundTooLarge
from citizencard.checkout.orders import find_order, locked_order
from citizencard.checkout.sendings import decide_refund
from citizencard.checkout.views import refunded_fen
from citizencard.payments.models import PaymentOrder, Purpose, RefundOrder, SendState
from ledger import Transfer, balance, existing, post

PAYMENT_REFUND: Final = "payment.refund"
"""The act that two people agree to."""
APPROVED: Final = "approved"
KIND: Final = "refund"


def propose_refund(  # noqa: PLR0913, PLR0917 # a refund is this wide: of which payment, how much, why, who, when
    session: Session, payment_id: str, amount_fen: int, reason: str, actor: Actor, now: datetime
) -> Approval:
    """Put a refund before a second person.

    Raises:
        PaymentUnknown: there is no such payment.
        RefundNotPossible: no money of it came.
        RefundTooLarge: nothing, or more than has not gone back yet.
        FourEyesNeeded: the proposer is not known as a person.
        ReasonUnfit: see `audit.record`.
    """
    order = find_order(session, payment_id)
    _require_left(session, order, amount_fen)
    return propose(session, Proposal(PAYMENT_REFUND, payment_id, _payload(payment_id, amount_fen), reason), actor, now)


def refund_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> RefundOrder:
    """Carry an approved refund out, in the transaction of the approval: flow 24 into `refund:<payment>`. Send it after the commit.

    What lies in `refund:<payment>` already, because an earlier refund failed or nobody knew where it belongs, is taken first.

    Raises:
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        RefundNotPossible, RefundTooLarge: as in `propose_refund`; others may have gone back since.
        BalanceTooLow, AccountFrozen, AccountClosed: the account has spent it, or may not spend; nothing is changed.
    """
    payment_id, amount_fen = approval.payload["payment_id"], approval.payload["amount_fen"]
    execute(session, approval.id, _payload(payment_id, amount_fen), actor, now)
    order = locked_order(session, payment_id)
    charge_id = _require_left(session, order, amount_fen)
    missing_fen = amount_fen - min(amount_fen, _idle_fen(session, order))
    refund = decide_refund(session, order, charge_id, amount_fen, APPROVED, now)
    refund.approval_id = approval.id
    session.flush()
    is_whole = refunded_fen(session, order) == order.charged_fen
    if is_whole and order.purpose == Purpose.BILL and missing_fen:
        paying.unpay(session, order.subject_id, order.id, now)
    if missing_fen:
        _move(session, order, refund, missing_fen, now)
    return refund


def _require_left(session: Session, order: PaymentOrder, amount_fen: int) -> str:
    """The charge that the money goes back on, if so much of it is left."""
    if order.charged_fen is None or order.provider_id is None:
        raise RefundNotPossible("no money of it came", payment_id=order.id, state=order.state)
    left_fen = order.charged_fen - refunded_fen(session, order)
    if not 0 < amount_fen <= left_fen:
        raise RefundTooLarge(f"{left_fen} fen are left", amount_fen=amount_fen, left_fen=left_fen)
    return order.provider_id


def _idle_fen(session: Session, order: PaymentOrder) -> int:
    """What lies in `refund:<payment>` and is not on its way; the caller holds the payment's row, and nothing moves it without."""
    code = chart.refund(order.id)
    if not existing(session, [code]):
        return 0
    on_its_way = select(func.sum(RefundOrder.amount_fen)).where(
        RefundOrder.payment_id == order.id,
        RefundOrder.booked_at.is_(None),
        RefundOrder.state != SendState.FAILED,
    )
    return balance(session, code).balance_fen - int(session.scalar(on_its_way) or 0)


def _move(session: Session, order: PaymentOrder, refund: RefundOrder, amount_fen: int, now: datetime) -> None:
    source, target = order.credited or "", chart.refund(order.id)
    if source == target:
        raise RefundNotPossible("its money is on its way back already", payment_id=order.id, state=order.state)
    chart.open_missing(session, [target])
    transfer = Transfer(
        reference=f"refund:{order.id}:{refund.n}",
        debit=source,
        credit=target,
        amount_fen=amount_fen,
        kind=KIND,
        occurred_at=now,
        metadata={"refund": refund.id},
    )
    post(session, [transfer], now=now)


def _payload(payment_id: str, amount_fen: int) -> Mapping[str, Any]:
    return {"payment_id": payment_id, "amount_fen": amount_fen}
