"""Refunds as rows: decided with their key and money in `refund:<payment>`, sent under a lease, booked when the provider has taken them.

`psp:stripe` moves when the provider has made the refund (pending or succeeded), not when it was decided: until then the money lies in
`refund:<payment>`. A refund that fails, at once or later, lies there again: an open item for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import record
from citizencard.checkout import findings
from citizencard.checkout.orders import CHECKOUT, locked_order, new_key
from citizencard.db import new_id
from citizencard.payments.gateway import CURRENCY, Refund
from citizencard.payments.models import FindingKind, PaymentOrder, Purpose, RefundOrder, SendState
from citizencard.payments.states import RefundState, refund_may_become
from citizencard.receipts.issuing import NewReceipt, by_subject, issue
from citizencard.receipts.models import ReceiptKind
from ledger import Transfer, post

LEASE: Final = timedelta(minutes=5)
"""Longer than the longest call with its look-up afterwards."""
KIND_SENT: Final = "stripe_refund"
KIND_FAILED: Final = "stripe_refund_failed"
UNSENT: Final = (SendState.DECIDED, SendState.SENT)
_TAKEN: Final = (RefundState.PENDING, RefundState.SUCCEEDED)
_RETURNED: Final = (RefundState.FAILED, RefundState.CANCELED)
_STATES: Final = {
    RefundState.PENDING: SendState.PENDING,
    RefundState.REQUIRES_ACTION: SendState.PENDING,
    RefundState.SUCCEEDED: SendState.SUCCEEDED,
    RefundState.FAILED: SendState.FAILED,
    RefundState.CANCELED: SendState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Sending:
    """A refund that is to be sent, and the right to send it until its lease is over.

    Args:
        refund_id, payment_id: our names.
        charge_id: the provider's payment that it goes back on.
        amount_fen: how much.
        key: idempotency key of this try.
        token: of the lease.
        first_at: when the key was first used.
    """

    refund_id: str
    payment_id: str
    charge_id: str
    amount_fen: int
    key: str
    token: str
    first_at: datetime


def decide_refund(  # noqa: PLR0913, PLR0917 # of which payment, on which charge, how much, why, when
    session: Session, order: PaymentOrder, charge_id: str, amount_fen: int, why: str, now: datetime
) -> RefundOrder:
    """Write down that money goes back; it lies in `refund:<payment>` already. The caller holds the payment's row.

    The key is stored here: from the commit on, whoever sends it sends the same request.
    """
    last = session.scalar(select(func.max(RefundOrder.n)).where(RefundOrder.payment_id == order.id)) or 0
    refund = RefundOrder(
        id=new_id("rfd"),
        payment_id=order.id,
        n=last + 1,
        charge_id=charge_id,
        amount_fen=amount_fen,
        why=why,
        state=SendState.DECIDED,
        key=new_key(),
        decided_at=now,
    )
    session.add(refund)
    session.flush()
    after = {"payment": order.id, "amount_fen": amount_fen, "why": why}
    record(session, CHECKOUT, "refund.decide", refund.id, after=after, now=now)
    return refund


def unsent(
    session: Session, now: datetime, *, payment_id: str | None = None, after: str = "", limit: int = 100
) -> Sequence[str]:
    """Ids of refunds that are to be sent and that nobody is sending, a page of them by id."""
    chosen = select(RefundOrder.id).where(
        RefundOrder.state.in_(UNSENT),
        RefundOrder.id > after,
        (RefundOrder.lease_until.is_(None)) | (RefundOrder.lease_until <= now),
    )
    if payment_id is not None:
        chosen = chosen.where(RefundOrder.payment_id == payment_id)
    return session.scalars(chosen.order_by(RefundOrder.id).limit(limit)).all()


def count_unsent(session: Session) -> int:
    """How many refunds wait to be sent, or for their answer."""
    return session.scalar(select(func.count()).select_from(RefundOrder).where(RefundOrder.state.in_(UNSENT))) or 0


def take_sending(session: Session, refund_id: str, now: datetime) -> Sending | None:
    """Take the lease of a refund; None when it is sent already or somebody else is sending it."""
    refund = _locked_refund(session, refund_id)
    if refund.state not in UNSENT or (refund.lease_until is not None and refund.lease_until > now):
        return None
    refund.state = SendState.SENT
    refund.key_used_at = refund.key_used_at or now
    refund.lease_until, refund.lease_token = now + LEASE, new_id("lease")
    session.flush()
    return Sending(
        refund_id=refund.id,
        payment_id=refund.payment_id,
        charge_id=refund.charge_id,
        amount_fen=refund.amount_fen,
        key=refund.key,
        token=refund.lease_token,
        first_at=refund.key_used_at,
    )


def let_go(session: Session, sending: Sending, problem: str, *, begin_anew: bool, now: datetime) -> None:
    """Nobody knows yet how a sending ended (it is tried again with its key), or it certainly was not carried out (with a new key)."""
    refund = _locked_refund(session, sending.refund_id)
    if refund.state != SendState.SENT or refund.lease_token != sending.token:
        return
    refund.lease_until = refund.lease_token = None
    refund.last_problem = problem
    if begin_anew:
        refund.state, refund.key, refund.key_used_at = SendState.DECIDED, new_key(), None
        record(session, CHECKOUT, "refund.new_key", refund.id, reason=problem, now=now)
    session.flush()


def refuse_sending(session: Session, sending: Sending, problem: str, now: datetime) -> None:
    """The provider does not carry a refund out. The money stays in `refund:<payment>`, for a person to decide.

    Who has lost the lease decides nothing: somebody else is sending it, with another key perhaps.
    """
    refund = _locked_refund(session, sending.refund_id)
    if refund.state != SendState.SENT or refund.lease_token != sending.token:
        return
    refund.state, refund.failed_at, refund.last_problem = SendState.FAILED, now, problem
    refund.lease_until = refund.lease_token = None
    session.flush()
    detail = {"amount_fen": refund.amount_fen, "problem": problem}
    findings.keep(session, FindingKind.REFUND_REFUSED, refund.id, refund.payment_id, detail, now)
    record(session, CHECKOUT, "refund.refused", refund.id, after=detail, now=now)


def take_refund_report(session: Session, refund_id: str, seen: Refund, now: datetime) -> str | None:
    """Bring a refund to where the provider says that it stands, and book what that means.

    Returns:
        Name of the transfer that was booked now; None when the books were there already, or the report is older than what is known.
    """
    refund = _locked_refund(session, refund_id)
    known = None if refund.provider_state is None else RefundState(refund.provider_state)
    if refund.provider_id not in (None, seen.id) or (known is not None and not refund_may_become(known, seen.state)):
        return None
    if (seen.amount_fen, seen.currency) != (refund.amount_fen, CURRENCY):
        detail = {"amount_fen": seen.amount_fen, "asked_fen": refund.amount_fen, "currency": seen.currency[:8]}
        findings.keep(session, FindingKind.REFUND_DIFFERS, seen.id, refund.payment_id, detail, now)
        return None
    refund.provider_id, refund.provider_state = seen.id, seen.state
    refund.state = _STATES[seen.state]
    refund.lease_until = refund.lease_token = refund.last_problem = None
    booked = None
    if seen.state in _TAKEN and refund.booked_at is None:
        refund.booked_at = now
        booked = _book(session, refund, f"stripe:{seen.id}:refund", KIND_SENT, now)
        _give_receipt(session, refund, now)
    if seen.state in _RETURNED and refund.failed_at is None:
        refund.failed_at, refund.last_problem = now, seen.failure[:64] or "refund_failed"
        if refund.booked_at is not None:
            booked = _book(session, refund, f"stripe:{seen.id}:failed", KIND_FAILED, now)
        detail = {"amount_fen": refund.amount_fen, "problem": refund.last_problem}
        findings.keep(session, FindingKind.REFUND_FAILED, seen.id, refund.payment_id, detail, now)
    session.flush()
    if known != seen.state:
        record(session, CHECKOUT, f"refund.{refund.state}", refund.id, after={"state": str(seen.state)}, now=now)
    return booked


def _give_receipt(session: Session, refund: RefundOrder, now: datetime) -> None:
    """A slip that undoes an earlier one; money that was never ours had none."""
    order = session.get_one(PaymentOrder, refund.payment_id)
    kind = ReceiptKind.BILL if order.purpose == Purpose.BILL else ReceiptKind.TOP_UP
    undone = by_subject(session, kind, order.id)
    if undone is not None:
        slip = {"of": undone.serial, "how": "online"}
        issue(session, NewReceipt(ReceiptKind.REFUND, refund.id, refund.amount_fen, slip), now)


def _book(session: Session, refund: RefundOrder, reference: str, kind: str, now: datetime) -> str:
    ours, theirs = chart.refund(refund.payment_id), chart.STRIPE
    chart.open_missing(session, [ours, theirs])
    debit, credit = (ours, theirs) if kind == KIND_SENT else (theirs, ours)
    transfer = Transfer(
        reference=reference,
        debit=debit,
        credit=credit,
        amount_fen=refund.amount_fen,
        kind=kind,
        occurred_at=now,
        metadata={"refund": refund.id},
        fact=True,
    )
    post(session, [transfer], now=now)
    return reference


def _locked_refund(session: Session, refund_id: str) -> RefundOrder:
    """A refund under the lock of its payment, which comes first in the order of locks."""
    refund = session.get_one(RefundOrder, refund_id)
    locked_order(session, refund.payment_id)
    session.refresh(refund)
    return refund
