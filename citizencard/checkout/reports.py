"""What the provider says about a payment, taken into our row and our books; the caller holds the payment's row.

Answers, look-ups and webhooks all end here. A report that is older than what is known changes nothing; a charge is booked by whoever
reports it first.
"""

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from citizencard.checkout.booking import book_charge, book_second_charge
from citizencard.checkout.orders import end, end_try
from citizencard.payments.gateway import Payment, Problem
from citizencard.payments.models import FINAL, OrderState, PaymentOrder
from citizencard.payments.states import PaymentState, payment_may_become

MAX_URL_CHARACTERS: Final = 2048
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_STATES: Final = {
    PaymentState.REQUIRES_PAYMENT_METHOD: OrderState.WAITING,
    PaymentState.REQUIRES_CONFIRMATION: OrderState.WAITING,
    PaymentState.REQUIRES_ACTION: OrderState.ACTION,
    PaymentState.PROCESSING: OrderState.PROCESSING,
    PaymentState.REQUIRES_CAPTURE: OrderState.PROCESSING,
}


CARD_DECLINED: Final = "card_declined"
_TOLD: Final = frozenset(
    {
        "insufficient_funds",
        "expired_card",
        "incorrect_cvc",
        "incorrect_number",
        "authentication_required",
        "processing_error",
        "payment_method_not_available",
    }
)
"""Reasons of a decline that people are told; of all others only that it was declined, as Stripe advises (a thief learns nothing)."""


def take_report(session: Session, order: PaymentOrder, seen: Payment, now: datetime) -> bool:
    """Bring a locked payment to where the provider says that it stands.

    Returns:
        Whether money moved in the books now.
    """
    if order.provider_id is None:
        order.provider_id = seen.id
    elif order.provider_id != seen.id:
        is_charge = seen.state is PaymentState.SUCCEEDED
        return is_charge and book_second_charge(session, order, seen, now)
    if seen.state is PaymentState.SUCCEEDED:
        order.provider_state = seen.state
        # Also of a payment that had ended otherwise here: the money has come.
        return book_charge(session, order, seen, now)
    known = None if order.provider_state is None else PaymentState(order.provider_state)
    if order.state in FINAL or (known is not None and not payment_may_become(known, seen.state)):
        return False
    order.provider_state = seen.state
    if seen.state is PaymentState.CANCELED:
        end(session, order, OrderState.CANCELED, now)
        return False
    if known != seen.state:
        order.updated_at = now
        if seen.problem is not None and _STATES[seen.state] is OrderState.WAITING:
            order.last_problem = told(seen.problem)
            # It has moved from where we knew it to be, and tries follow one another: the open one is what the provider declined.
            end_try(session, order, order.last_problem, now)
    order.state = _STATES[seen.state]
    order.next_url = _usable(seen.next_url) if seen.state is PaymentState.REQUIRES_ACTION else None
    session.flush()
    return False


def told(problem: Problem) -> str:
    """What people are told about a decline, as a slug."""
    said = problem.decline_code or problem.code
    return said if said in _TOLD else CARD_DECLINED


def _usable(url: str | None) -> str | None:
    """Only a page over TLS, or one of a stand-in on this machine; everything else is dropped."""
    if url is None or len(url) > MAX_URL_CHARACTERS or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    is_page = parts.scheme == "https" and bool(parts.hostname)
    is_stand_in = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return url if is_page or is_stand_in else None
