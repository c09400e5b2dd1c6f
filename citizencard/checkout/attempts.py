"""Tries as rows: one open try for a payment, stored with its key before anything is sent, under a lease while somebody asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import record
from citizencard.checkout.errors import PaymentBusy
from citizencard.checkout.orders import PayBy, end, locked_order, new_key, payer
from citizencard.checkout.reports import take_report
from citizencard.db import new_id
from citizencard.payments.gateway import MethodKind, Payment, RedirectKind
from citizencard.payments.models import FINAL, Act, AttemptState, OrderState, PaymentAttempt, PaymentOrder
from citizencard.payments.states import PaymentState

LEASE: Final = timedelta(minutes=5)
"""Longer than the longest call with its look-up afterwards."""
UNKNOWN: Final = "unknown"
DECLINED: Final = "declined"


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be asked, and the right to ask it until the lease is over.

    Args:
        payment_id, attempt_id: our names.
        act: create, confirm or cancel.
        key, reference: of this try.
        token: of the lease.
        provider_id: the provider's name of the payment, None before it has one.
        known: the provider's state as we knew it before.
        amount_fen, methods, method, redirect, return_url: exactly what is sent, the same every time.
        first_at: when the key was first used.
    """

    payment_id: str
    attempt_id: int
    act: Act
    key: str
    reference: str
    token: str
    provider_id: str | None
    known: PaymentState | None
    amount_fen: int
    methods: tuple[MethodKind, ...]
    method: str | None
    redirect: RedirectKind | None
    return_url: str | None
    first_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of asking.

    Args:
        seen: the payment as the provider holds it, if that was learnt.
        problem: what went wrong, as a slug for people; None when nothing did.
        has_ended: it is known how this try ended. Otherwise it goes on later, with the same key.
        is_declined: the bank or the wallet said no.
        is_missing: the provider does not know a payment that it once named, and so cannot take any money for it.
    """

    seen: Payment | None
    problem: str | None
    has_ended: bool
    is_declined: bool = False
    is_missing: bool = False


def open_attempt(session: Session, order: PaymentOrder, act: Act, pay_by: PayBy, now: datetime) -> Task:
    """Store a new try of a locked payment that has none open; it leaves after the commit."""
    key = new_key()
    attempt = PaymentAttempt(
        payment_id=order.id,
        act=act,
        key=key,
        reference=order.id if act is Act.CREATE else f"{order.id}:{act}:{key[:16]}",
        method=pay_by.method,
        redirect=pay_by.redirect,
        return_url=pay_by.return_url,
        state=AttemptState.SENT,
        created_at=now,
        tried_at=now,
        lease_until=now + LEASE,
        lease_token=new_id("lease"),
    )
    session.add(attempt)
    order.updated_at = now
    session.flush()
    after = {"attempt": attempt.reference, "act": str(act)}
    record(session, payer(order), f"payment.{act}", order.id, after=after, now=now)
    return _task(order, attempt)


def take_open(session: Session, order: PaymentOrder, now: datetime) -> Task | None:
    """Take the lease of the open try of a locked payment; None when there is none.

    Raises:
        PaymentBusy: somebody else is asking.
    """
    attempt = session.scalars(
        select(PaymentAttempt).where(PaymentAttempt.payment_id == order.id, PaymentAttempt.state != AttemptState.DONE),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if attempt is None:
        return None
    if attempt.lease_until is not None and attempt.lease_until > now:
        raise PaymentBusy("somebody is asking the provider about it", payment_id=order.id)
    attempt.lease_until, attempt.lease_token, attempt.tried_at = now + LEASE, new_id("lease"), now
    session.flush()
    return _task(order, attempt)


def has_open(session: Session, payment_id: str) -> bool:
    """Whether it is not known yet how the last try of a payment ended."""
    open_one = select(PaymentAttempt.id).where(
        PaymentAttempt.payment_id == payment_id, PaymentAttempt.state != AttemptState.DONE
    )
    return session.scalars(open_one).one_or_none() is not None


def write_down(session: Session, task: Task, heard: Heard, now: datetime) -> None:
    """Take in what was heard: the payment's state with its money, and the try's end. Repeating it changes nothing."""
    order = locked_order(session, task.payment_id)
    if heard.seen is not None:
        take_report(session, order, heard.seen, now)
    if order.state in FINAL:
        return  # the try was ended with it
    attempt = session.get_one(PaymentAttempt, task.attempt_id, populate_existing=True)
    if attempt.state == AttemptState.DONE:
        return
    if heard.has_ended:
        attempt.state, attempt.ended_at, attempt.outcome = AttemptState.DONE, now, heard.problem or "done"
        attempt.lease_until = attempt.lease_token = None
        _after_end(session, order, task, heard, now)
    elif attempt.lease_token == task.token:
        attempt.state, attempt.outcome = AttemptState.UNKNOWN, heard.problem
        attempt.lease_until = attempt.lease_token = None
    order.last_problem = heard.problem if heard.has_ended else UNKNOWN
    session.flush()


def open_payments(session: Session, now: datetime, *, after: str = "", limit: int = 100) -> Sequence[str]:
    """Ids of payments with a try that has no end and that nobody is asking about, a page of them by id."""
    chosen = select(PaymentAttempt.payment_id).where(
        PaymentAttempt.state != AttemptState.DONE,
        PaymentAttempt.payment_id > after,
        (PaymentAttempt.lease_until.is_(None)) | (PaymentAttempt.lease_until <= now),
    )
    return session.scalars(chosen.order_by(PaymentAttempt.payment_id).limit(limit)).all()


def _after_end(session: Session, order: PaymentOrder, task: Task, heard: Heard, now: datetime) -> None:
    if heard.is_declined and task.act is Act.CONFIRM:
        order.state, order.provider_state = OrderState.WAITING, PaymentState.REQUIRES_PAYMENT_METHOD
        order.next_url, order.updated_at = None, now
    if task.act is Act.CANCEL and heard.is_missing:
        end(session, order, OrderState.CANCELED, now)
    if task.act is Act.CREATE and order.provider_id is None:
        order.last_problem = heard.problem
        end(session, order, OrderState.FAILED, now)


def _task(order: PaymentOrder, attempt: PaymentAttempt) -> Task:
    return Task(
        payment_id=order.id,
        attempt_id=attempt.id,
        act=Act(attempt.act),
        key=attempt.key,
        reference=attempt.reference,
        token=attempt.lease_token or "",
        provider_id=order.provider_id,
        known=None if order.provider_state is None else PaymentState(order.provider_state),
        amount_fen=order.amount_fen,
        methods=cast("tuple[MethodKind, ...]", tuple(order.methods.split(","))),
        method=attempt.method,
        redirect=cast("RedirectKind | None", attempt.redirect),
        return_url=attempt.return_url,
        first_at=attempt.created_at,
    )
