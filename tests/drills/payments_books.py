"""The other side of the drill of payments: what the provider's own books show is held against ours, payment by payment."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.billing.models import Bill
from citizencard.checkout.sendings import UNSENT
from citizencard.db import reading
from citizencard.payments.models import (
    FINAL,
    AttemptState,
    FindingKind,
    OrderState,
    PaymentAttempt,
    PaymentFinding,
    PaymentOrder,
    Purpose,
    RefundOrder,
    SendState,
)
from citizencard.receipts.issuing import by_subject
from citizencard.receipts.models import ReceiptKind
from ledger import balances, existing, prove
from tests.citizencard.checkout.make_checkout import Office
from tests.stripe_fake import documented, webhooks
from tests.stripe_fake.server import KEY, Reply, Seen

SECRETS: Final = (KEY, webhooks.SECRET)
GONE: Final = ("failed", "canceled")


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a payment: charges and refunds in the provider's books, and everything that does not agree with ours."""

    charges: int
    refunds: int
    differences: list[str]


def judge(desk: Office, payment_id: str) -> Judged:
    """Hold a payment that should be at its end against the provider's books."""
    books = desk.fake.books
    theirs = [p for p in books.payments.values() if p["metadata"].get("reference") == payment_id]
    charged_fen = sum(p["amount_received"] for p in theirs)
    names = {p["id"] for p in theirs}
    refunds = [r for r in books.refunds.values() if r["payment_intent"] in names and r["status"] not in GONE]
    refunded_fen = sum(r["amount"] for r in refunds)
    with reading(desk.sessions) as session:
        order = session.get_one(PaymentOrder, payment_id)
        found = {
            "at the provider twice": len(theirs) > 1,
            "charged twice": books.charged[payment_id] > 1 or charged_fen not in (0, order.amount_fen),
            "more went back than came": refunded_fen > charged_fen,
            "a refund sent twice": any(times > 1 for times in books.refunded.values()),
            f"not final: {order.state}": order.state not in FINAL,
            f"{order.state}, and {charged_fen} fen were charged": (order.state == OrderState.SUCCEEDED)
            != (charged_fen > 0),
            f"{order.charged_fen} fen are booked of {charged_fen}": (order.charged_fen or 0) != charged_fen,
            "a try has no end": unfinished(session, payment_id) > 0,
            **_refund_faults(session, order, refunded_fen),
            **_bill_faults(session, order, charged_fen, refunded_fen),
            **_receipt_faults(session, order),
        }
    return Judged(books.charged[payment_id], len(refunds), [what for what, is_so in found.items() if is_so])


def unfinished(session: Session, payment_id: str) -> int:
    """Tries and refunds of a payment of which nobody knows yet how they ended."""
    tries = select(PaymentAttempt.id).where(
        PaymentAttempt.payment_id == payment_id, PaymentAttempt.state != AttemptState.DONE
    )
    sendings = select(RefundOrder.id).where(RefundOrder.payment_id == payment_id, RefundOrder.state.in_(UNSENT))
    return len(session.scalars(tries).all()) + len(session.scalars(sendings).all())


def balance_differences(desk: Office) -> list[str]:
    """Our account at the provider against what it holds for us."""
    with reading(desk.sessions) as session:
        held_fen = _balance_fen(session, chart.STRIPE)
    theirs_fen = desk.fake.books.held_fen()
    return [] if held_fen == theirs_fen else [f"psp:stripe holds {held_fen} fen, the provider {theirs_fen}"]


def proof_differences(desk: Office) -> list[str]:
    """The whole of the books proved from their entries."""
    with reading(desk.sessions) as session:
        return [] if prove(session).proved else ["the books do not prove"]


def findings(desk: Office) -> Counter[FindingKind]:
    """Open questions for a person, by kind."""
    with reading(desk.sessions) as session:
        return Counter(FindingKind(kind) for kind in session.scalars(select(PaymentFinding.kind)))


def wallet_fen(desk: Office, account_id: str) -> int:
    """What is in an on-line account."""
    with reading(desk.sessions) as session:
        return _balance_fen(session, chart.wallet(account_id))


def _refund_faults(session: Session, order: PaymentOrder, refunded_fen: int) -> dict[str, bool]:
    rows = session.scalars(select(RefundOrder).where(RefundOrder.payment_id == order.id)).all()
    sent_fen = sum(row.amount_fen for row in rows if row.state == SendState.SUCCEEDED)
    waiting_fen = _balance_fen(session, chart.refund(order.id))
    reasons = session.scalars(select(PaymentFinding.kind).where(PaymentFinding.payment_id == order.id)).all()
    return {
        f"{sent_fen} fen of refunds are known of {refunded_fen}": sent_fen != refunded_fen,
        f"{waiting_fen} fen lie in refund: without a reason": waiting_fen != 0 and not reasons,
    }


def _bill_faults(session: Session, order: PaymentOrder, charged_fen: int, refunded_fen: int) -> dict[str, bool]:
    if order.purpose != Purpose.BILL:
        return {}
    bill = session.get_one(Bill, order.subject_id)
    kept = charged_fen > refunded_fen
    return {
        f"bill {bill.state} by {bill.paid_by}, {charged_fen} fen charged, {refunded_fen} back": kept
        != (bill.paid_by == order.id),
        "a bill is paid by nobody": (bill.state == "paid") != (bill.paid_by is not None),
    }


def _receipt_faults(session: Session, order: PaymentOrder) -> dict[str, bool]:
    kind = ReceiptKind.BILL if order.purpose == Purpose.BILL else ReceiptKind.TOP_UP
    slip = by_subject(session, kind, order.id)
    # Money that had no room, or nothing to pay any more, was never ours: no slip, and none for its way back.
    earned = order.credited is not None and order.credited != chart.refund(order.id)
    rows = session.scalars(select(RefundOrder).where(RefundOrder.payment_id == order.id)).all()
    slips = {row.id: by_subject(session, ReceiptKind.REFUND, row.id) for row in rows}
    return {
        "a slip without money, or money without a slip": (slip is not None) != earned,
        "a slip for another amount": slip is not None and slip.amount_fen != order.charged_fen,
        "a refund without its slip, or a slip without its refund": any(
            (slips[row.id] is not None) != (earned and row.booked_at is not None) for row in rows
        ),
    }


def _balance_fen(session: Session, code: str) -> int:
    known = existing(session, [code])
    return balances(session, [code])[code].balance_fen if known else 0


@dataclass
class Auditor(logging.Handler):
    """Looks at every request as it arrives, at the log, and remembers what happened to each object of the provider.

    Args:
        desk: the office whose requests these are.
        requests: how many were looked at.
        differences: what was wrong with them.
        history: kind of event and object as it was then, by the provider's payment.
    """

    desk: Office
    requests: int = 0
    differences: list[str] = field(default_factory=list)
    history: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(logging.DEBUG)

    __hash__ = logging.Handler.__hash__

    def arriving(self, seen: Seen) -> None:
        """A request is as documented, and its key was in our database before it left."""
        self.requests += 1
        self.differences += documented.faults_of(seen)
        if seen.method == "POST" and not self._is_stored(seen.key or ""):
            self.differences.append(f"{seen.path}: the key was not stored before the call")

    def remember(self, operation: str, reply: Reply) -> tuple[str, dict[str, Any]] | None:
        """Keep what an operation made of its object: the provider reports it as an event. None when it made nothing."""
        content = reply.body.get("error", {}).get("payment_intent") or reply.body
        if operation == "look" or content.get("object") not in ("payment_intent", "refund"):
            return None
        kinds = {"create": "payment_intent.created", "cancel": "payment_intent.canceled", "refund": "refund.created"}
        status = {"requires_payment_method": "payment_intent.payment_failed"}
        kind = kinds.get(operation) or status.get(content["status"], f"payment_intent.{content['status']}")
        name = content["payment_intent"] if content["object"] == "refund" else content["id"]
        self.history.setdefault(name, []).append((kind, content))
        return kind, content

    def emit(self, record: logging.LogRecord) -> None:
        """No key and no secret in any line of any log."""
        if any(secret in record.getMessage() or secret in str(record.exc_info) for secret in SECRETS):
            self.differences.append(f"a secret in the log {record.name}")

    def _is_stored(self, key: str) -> bool:
        with reading(self.desk.sessions) as session:
            tries = session.scalars(select(PaymentAttempt.id).where(PaymentAttempt.key == key)).first()
            return (
                tries is not None
                or session.scalars(select(RefundOrder.id).where(RefundOrder.key == key)).first() is not None
            )


def secrets_shown(desk: Office) -> list[str]:
    """What prints itself with a key in it."""
    shown = {"gateway": repr(vars(desk.gateway)), "office": repr(desk.gateway)}
    return [f"{name} shows a secret" for name, text in shown.items() if any(secret in text for secret in SECRETS)]
