"""A payment as its payer and staff see it; nothing is locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.checkout.errors import PaymentUnknown
from citizencard.checkout.orders import find_order
from citizencard.payments.models import OrderState, PaymentOrder, Purpose, RefundOrder, SendState
from citizencard.receipts.issuing import by_subjects
from citizencard.receipts.models import ReceiptKind

MAX_PAGE: Final = 101
"""A page of 100 and one more, which tells that there are others."""


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money that goes back.

    Args:
        id: our name for it.
        amount_fen: how much.
        state: decided, sent, pending, succeeded or failed.
        why: `approved` by two people, or why it went back by itself: `no_room`, `not_payable`, `second_charge`.
        problem: why it is not there yet, if something is wrong.
        decided_at: when it was decided.
    """

    id: str
    amount_fen: int
    state: SendState
    why: str
    problem: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentView:
    """What a payment is for and where it stands.

    Args:
        id: our name for it.
        purpose, subject_id: a bill or a top-up, and which bill or account.
        amount_fen: what was asked for.
        state: created, waiting, action, processing, succeeded, canceled, failed or mismatch.
        next_url: where the payer goes to while the state is `action`.
        problem: why the last try went wrong, as a slug: `card_declined`, `insufficient_funds`, `unknown` (look again), `refused` …;
            of a payment that succeeded: why the money goes back, `no_room` or `not_payable`.
        receipt_token: of the slip, once there is one.
        created_at: when it was begun.
        person_id: who pays, if known.
        refunded_fen: what has gone back, or is decided to.
        refunds: each of them, oldest first.
    """

    id: str
    purpose: Purpose
    subject_id: str
    amount_fen: int
    state: OrderState
    next_url: str | None
    problem: str | None
    receipt_token: str | None
    created_at: datetime
    person_id: str | None
    refunded_fen: int
    refunds: tuple[RefundView, ...]


def payment_view(session: Session, payment_id: str) -> PaymentView:
    """One payment.

    Raises:
        PaymentUnknown: there is none.
    """
    return _views(session, [find_order(session, payment_id)])[0]


def payment_of_person(session: Session, payment_id: str, person_id: str) -> PaymentView:
    """One payment of this person; those of others are unknown to him.

    Raises:
        PaymentUnknown: there is none, or it is somebody else's.
    """
    order = find_order(session, payment_id)
    if order.person_id != person_id:
        raise PaymentUnknown("no such payment", payment_id=payment_id)
    return _views(session, [order])[0]


def payments_of_person(session: Session, person_id: str, limit: int = 20) -> list[PaymentView]:
    """A person's latest payments, newest first, at most 101."""
    chosen = (
        select(PaymentOrder)
        .where(PaymentOrder.person_id == person_id)
        .order_by(PaymentOrder.created_at.desc(), PaymentOrder.id)
        .limit(min(limit, MAX_PAGE))
    )
    return _views(session, session.scalars(chosen).all())


def refunded_fen(session: Session, order: PaymentOrder) -> int:
    """What of a payment's charge has gone back or is decided to; what failed does not count."""
    total = select(func.sum(RefundOrder.amount_fen)).where(
        RefundOrder.payment_id == order.id,
        RefundOrder.charge_id == order.provider_id,
        RefundOrder.state != SendState.FAILED,
    )
    return int(session.scalar(total) or 0)


def _views(session: Session, orders: Sequence[PaymentOrder]) -> list[PaymentView]:
    ids = [order.id for order in orders]
    tokens = {
        **{subject: receipt.token for subject, receipt in by_subjects(session, ReceiptKind.BILL, ids).items()},
        **{subject: receipt.token for subject, receipt in by_subjects(session, ReceiptKind.TOP_UP, ids).items()},
    }
    refunds: dict[str, list[RefundOrder]] = {}
    found = select(RefundOrder).where(RefundOrder.payment_id.in_(ids)).order_by(RefundOrder.payment_id, RefundOrder.n)
    for refund in session.scalars(found):
        refunds.setdefault(refund.payment_id, []).append(refund)
    return [_view(order, tokens, refunds.get(order.id, [])) for order in orders]


def _view(order: PaymentOrder, tokens: Mapping[str, str], refunds: Sequence[RefundOrder]) -> PaymentView:
    return PaymentView(
        id=order.id,
        purpose=Purpose(order.purpose),
        subject_id=order.subject_id,
        amount_fen=order.amount_fen,
        state=OrderState(order.state),
        next_url=order.next_url,
        problem=order.last_problem,
        receipt_token=tokens.get(order.id),
        created_at=order.created_at,
        person_id=order.person_id,
        refunded_fen=sum(
            refund.amount_fen
            for refund in refunds
            if refund.state != SendState.FAILED and refund.charge_id == order.provider_id
        ),
        refunds=tuple(
            RefundView(
                id=refund.id,
                amount_fen=refund.amount_fen,
                state=SendState(refund.state),
                why=refund.why,
                problem=refund.last_problem,
                decided_at=refund.decided_at,
            )
            for refund in refunds
        ),
    )
