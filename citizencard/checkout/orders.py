"""Payments as rows: what may be begun, written down before the provider hears of it, and locked for every later step.

Order of locks: the payment's row, then its attempts and refunds, then the bill's row, then the ledger's. A payment that is begun is
known to nobody yet: for it the bill's row comes first, so that of two clicks at once the second finds what the first has begun.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from citizencard.accounts.views import account_view
from citizencard.audit import Actor, record
from citizencard.billing import paying
from citizencard.checkout.errors import (
    CheckoutAmountDiffers,
    CheckoutAmountInvalid,
    NoRoomInAccount,
    PaymentStateForbids,
    PaymentUnknown,
)
from citizencard.db import new_id
from citizencard.payments.gateway import MAX_AMOUNT_FEN, MethodKind, RedirectKind
from citizencard.payments.models import FINAL, AttemptState, OrderState, PaymentAttempt, PaymentOrder, Purpose
from ledger import AccountState

PAY_WITHIN: Final = timedelta(hours=1)
"""A payment in which nothing has happened for so long is cancelled, and a try that is older is not repeated any more."""
CHECKOUT: Final = Actor("system", "checkout")
"""Who books what the provider reports."""

_KEY_BYTES: Final = 24
_REUSABLE: Final = (OrderState.CREATED, OrderState.WAITING, OrderState.ACTION, OrderState.PROCESSING)


@dataclass(frozen=True, slots=True)
class NewCheckout:
    """Somebody wants to pay.

    Args:
        purpose: a bill or a top-up of an on-line account.
        subject_id: the bill's or the account's id.
        amount_fen: what the payer has seen and agreed to.
        person_id: who pays, if known.
        method: what the payer chose already, if the provider holds it, `pm_…`.
        methods: ways of paying that are offered.
    """

    purpose: Purpose | str
    subject_id: str
    amount_fen: int
    person_id: str | None
    method: str | None = None
    methods: tuple[MethodKind, ...] = ("card",)


@dataclass(frozen=True, slots=True)
class PayBy:
    """How the resident pays: with a method that the provider holds, by going to his own app or page, or as chosen at the beginning.

    Args:
        method: `pm_…`; never a card number.
        redirect: or `alipay`, `wechat_pay`.
        return_url: where the resident comes back to; needed with `redirect`.
    """

    method: str | None = None
    redirect: RedirectKind | None = None
    return_url: str | None = None


def write_order(session: Session, wanted: NewCheckout, now: datetime) -> tuple[PaymentOrder, bool]:
    """Write a payment down, or find the payer's open one for the same version of the bill, if nothing went wrong with it yet.

    One that may have been charged already, because it is being processed or nobody knows how its last try ended, is found whatever way of
    paying was chosen now: a second one could be charged as well.

    Returns:
        The payment, and whether it is new.

    Raises:
        CheckoutAmountInvalid: nothing, or more than can be paid at once.
        CheckoutAmountDiffers: the bill is for another amount.
        BillUnknown, BillNotPayable: see `billing.paying.payable`.
        UnknownOnlineAccount: there is no such account.
        NoRoomInAccount: the account is closed, or full with this amount.
    """
    purpose = Purpose(wanted.purpose)
    if not 0 < wanted.amount_fen <= MAX_AMOUNT_FEN:
        raise CheckoutAmountInvalid("not an amount", amount_fen=wanted.amount_fen, most_fen=MAX_AMOUNT_FEN)
    version = _bill_version(session, wanted) if purpose is Purpose.BILL else None
    if purpose is Purpose.TOP_UP:
        _require_room(session, wanted)
    known = _open_one(session, wanted, version)
    if known is not None:
        return known, False
    order = PaymentOrder(
        id=new_id("pay"),
        purpose=purpose,
        subject_id=wanted.subject_id,
        bill_version=version,
        amount_fen=wanted.amount_fen,
        person_id=wanted.person_id,
        method=wanted.method,
        methods=",".join(wanted.methods),
        state=OrderState.CREATED,
        created_at=now,
        updated_at=now,
    )
    session.add(order)
    session.flush()
    after = {"purpose": str(purpose), "subject": wanted.subject_id, "amount_fen": wanted.amount_fen}
    record(session, payer(order), "payment.begin", order.id, after=after, now=now)
    return order, True


def find_order(session: Session, payment_id: str) -> PaymentOrder:
    """A payment by id.

    Raises:
        PaymentUnknown: there is none.
    """
    order = session.get(PaymentOrder, payment_id)
    if order is None:
        raise PaymentUnknown("no such payment", payment_id=payment_id)
    return order


def provider_id_of(session: Session, payment_id: str) -> str | None:
    """The provider's name of a payment, once it has one.

    Raises:
        PaymentUnknown: there is no such payment.
    """
    return find_order(session, payment_id).provider_id


def locked_order(session: Session, payment_id: str) -> PaymentOrder:
    """A payment, its row locked until the transaction ends: first in the order of locks.

    Raises:
        PaymentUnknown: there is none.
    """
    order = session.scalars(
        select(PaymentOrder).where(PaymentOrder.id == payment_id).with_for_update(key_share=True),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if order is None:
        raise PaymentUnknown("no such payment", payment_id=payment_id)
    return order


def require_open(order: PaymentOrder) -> None:
    """Refuse what has come to its end.

    Raises:
        PaymentStateForbids: it has.
    """
    if order.state in FINAL:
        raise PaymentStateForbids(f"the payment is {order.state}", payment_id=order.id, state=order.state)


def require_payable(session: Session, order: PaymentOrder) -> None:
    """Refuse to ask for money for a bill that cannot be paid any more, or not in this version.

    Raises:
        BillUnknown, BillNotPayable: see `billing.paying.payable`.
        CheckoutAmountDiffers: the utility has corrected the bill.
    """
    if order.purpose == Purpose.BILL:
        bill = paying.payable(session, order.subject_id)
        if bill.version != order.bill_version:
            raise CheckoutAmountDiffers("the bill has been corrected", amount_fen=bill.amount_fen)


def end(session: Session, order: PaymentOrder, state: OrderState, now: datetime) -> None:
    """Bring a locked payment to its end, and with it the try that was open: nobody asks about it any more."""
    order.state, order.final_at, order.updated_at, order.next_url = state, now, now, None
    end_try(session, order, "overtaken", now)
    session.flush()
    record(session, CHECKOUT, f"payment.{state}", order.id, after={"state": str(state)}, now=now)


def end_try(session: Session, order: PaymentOrder, outcome: str, now: datetime) -> None:
    """Note how the open try of a locked payment ended, when a report said it before the answer did; there may be none."""
    session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.payment_id == order.id, PaymentAttempt.state != AttemptState.DONE)
        .values(state=AttemptState.DONE, outcome=outcome, ended_at=now, lease_until=None, lease_token=None)
        .execution_options(synchronize_session="fetch")
    )


def payer(order: PaymentOrder) -> Actor:
    """Who pays, for the audit."""
    if order.person_id is None:
        return CHECKOUT
    return Actor("resident", order.person_id, person_id=order.person_id, role="resident")


def new_key() -> str:
    """An idempotency key: 192 random bits."""
    return secrets.token_hex(_KEY_BYTES)


def _bill_version(session: Session, wanted: NewCheckout) -> int:
    bill = paying.payable(session, wanted.subject_id, lock=True)
    if bill.amount_fen != wanted.amount_fen:
        raise CheckoutAmountDiffers(f"the bill is for {bill.amount_fen} fen", amount_fen=bill.amount_fen)
    return bill.version


def _require_room(session: Session, wanted: NewCheckout) -> None:
    account = account_view(session, wanted.subject_id)
    is_closed = account.state is AccountState.CLOSED
    if is_closed or account.balance_fen + wanted.amount_fen > account.ceiling_fen:
        raise NoRoomInAccount(
            "the account cannot take it", amount_fen=wanted.amount_fen, ceiling_fen=account.ceiling_fen
        )


def _open_one(session: Session, wanted: NewCheckout, version: int | None) -> PaymentOrder | None:
    if version is None or wanted.person_id is None:
        return None
    has_open_try = exists().where(
        PaymentAttempt.payment_id == PaymentOrder.id, PaymentAttempt.state != AttemptState.DONE
    )
    may_be_charged = or_(PaymentOrder.state == OrderState.PROCESSING, has_open_try)
    is_as_wanted = and_(
        PaymentOrder.method == wanted.method if wanted.method else PaymentOrder.method.is_(None),
        PaymentOrder.methods == ",".join(wanted.methods),
        PaymentOrder.last_problem.is_(None),
    )
    return session.scalars(
        select(PaymentOrder)
        .where(
            PaymentOrder.subject_id == wanted.subject_id,
            PaymentOrder.bill_version == version,
            PaymentOrder.person_id == wanted.person_id,
            PaymentOrder.state.in_(_REUSABLE),
            or_(may_be_charged, is_as_wanted),
        )
        .order_by(may_be_charged.desc(), PaymentOrder.created_at.desc())
        .limit(1)
    ).one_or_none()
