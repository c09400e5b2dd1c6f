"""Payments and refunds as the provider shows them, taken in without knowing whose they are: by webhook, or found by comparing.

The provider's id names the payment, or our own reference in it when the id is not known here yet.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.checkout.booking import charge_reference
from citizencard.checkout.orders import locked_order
from citizencard.checkout.reports import take_report
from citizencard.checkout.sendings import take_refund_report
from citizencard.checkout.strangers import book_strange_charge, book_strange_refund
from citizencard.payments.gateway import Payment, Refund
from citizencard.payments.models import PaymentOrder, RefundOrder
from citizencard.payments.states import PaymentState

MAX_ID_CHARACTERS = 32


class Outcome(StrEnum):
    """What became of a report."""

    BOOKED = "booked"  # it brought money into the books
    NOTED = "noted"  # it changed a state, or confirmed one
    DUPLICATE = "duplicate"  # its money was in the books before
    IGNORED = "ignored"  # it is about nothing of ours


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report, and the name of the transfer that it brought into the books."""

    outcome: Outcome
    money_reference: str | None = None


def take_payment(session: Session, seen: Payment, now: datetime) -> Taken:
    """Take in a payment as it stands at the provider."""
    known = find_payment_order(session, seen)
    is_charge = seen.state is PaymentState.SUCCEEDED
    if known is not None:
        is_booked = take_report(session, locked_order(session, known.id), seen, now)
    elif is_charge:
        is_booked = book_strange_charge(session, seen, now)
    else:
        return Taken(Outcome.IGNORED)
    if is_booked:
        return Taken(Outcome.BOOKED, charge_reference(seen.id))
    return Taken(Outcome.DUPLICATE if is_charge else Outcome.NOTED)


def take_refund(session: Session, seen: Refund, now: datetime) -> Taken:
    """Take in a refund as it stands at the provider."""
    known = _find_refund_order(session, seen)
    if known is not None and known.provider_id in (None, seen.id):
        reference = take_refund_report(session, known.id, seen, now)
    else:
        reference = book_strange_refund(session, seen, now)
    return Taken(Outcome.NOTED) if reference is None else Taken(Outcome.BOOKED, reference)


def find_payment_order(session: Session, seen: Payment) -> PaymentOrder | None:
    """Our row of a provider's payment; None if it is not one of ours."""
    found = session.scalars(select(PaymentOrder).where(PaymentOrder.provider_id == seen.id)).one_or_none()
    if found is None and 0 < len(seen.reference) <= MAX_ID_CHARACTERS:
        found = session.get(PaymentOrder, seen.reference)
    return found


def _find_refund_order(session: Session, seen: Refund) -> RefundOrder | None:
    found = session.scalars(select(RefundOrder).where(RefundOrder.provider_id == seen.id)).one_or_none()
    if found is None and 0 < len(seen.reference) <= MAX_ID_CHARACTERS:
        found = session.get(RefundOrder, seen.reference)
    return found
