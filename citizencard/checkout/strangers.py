"""Money at the provider that nobody here asked for: it is a fact, so it is booked, against suspense, and a person sees a finding.

Such charges and refunds are made by hand on the provider's own pages. So `psp:stripe` follows the provider's balance all the same.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.checkout import findings
from citizencard.checkout.booking import figures, post_charge
from citizencard.payments.gateway import CURRENCY, Payment, Refund
from citizencard.payments.models import FindingKind, PaymentFinding
from citizencard.payments.states import RefundState
from ledger import Transfer, post

_RETURNED: Final = (RefundState.FAILED, RefundState.CANCELED)


def book_strange_charge(session: Session, seen: Payment, now: datetime) -> bool:
    """A charge that none of our payments asked for.

    Returns:
        Whether money moved in the books now.
    """
    if not findings.keep(session, FindingKind.CHARGE_NOT_OURS, seen.id, None, figures(seen), now):
        return False
    if seen.currency != CURRENCY or seen.received_fen <= 0:
        return False
    post_charge(session, seen, chart.SUSPENSE_BANK, now)
    return True


def book_strange_refund(session: Session, seen: Refund, now: datetime) -> str | None:
    """A refund that nobody here decided, and its failure; whichever is reported first.

    Returns:
        Name of the transfer that was booked now.
    """
    detail = {"amount_fen": seen.amount_fen, "currency": seen.currency[:8], "charge": seen.payment[:64]}
    if seen.currency != CURRENCY or seen.amount_fen <= 0:
        findings.keep(session, FindingKind.REFUND_NOT_OURS, seen.id, None, detail, now)
        return None
    if seen.state in _RETURNED:
        is_new = findings.keep(session, FindingKind.REFUND_FAILED, seen.id, None, detail, now)
        if is_new and _is_kept(session, FindingKind.REFUND_NOT_OURS, seen.id):
            return _post(session, seen, f"stripe:{seen.id}:failed", chart.STRIPE, now)
        return None
    if seen.state is RefundState.REQUIRES_ACTION or _is_kept(session, FindingKind.REFUND_FAILED, seen.id):
        return None
    if findings.keep(session, FindingKind.REFUND_NOT_OURS, seen.id, None, detail, now):
        return _post(session, seen, f"stripe:{seen.id}:refund", chart.SUSPENSE_BANK, now)
    return None


def _post(session: Session, seen: Refund, reference: str, debit: str, now: datetime) -> str:
    credit = chart.STRIPE if debit == chart.SUSPENSE_BANK else chart.SUSPENSE_BANK
    chart.open_missing(session, [debit, credit])
    transfer = Transfer(reference, debit, credit, seen.amount_fen, "stripe_refund_strange", occurred_at=now, fact=True)
    post(session, [transfer], now=now)
    return reference


def _is_kept(session: Session, kind: FindingKind, object_id: str) -> bool:
    kept = select(PaymentFinding.id).where(PaymentFinding.kind == kind, PaymentFinding.object_id == object_id)
    return session.scalars(kept).one_or_none() is not None
