"""The provider's lists against our rows, both ways: what we missed is taken in, and what it does not show is counted."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from citizencard.checkout.asking import CLOCK_MARGIN
from citizencard.checkout.intake import Outcome, Taken, take_payment, take_refund
from citizencard.db import Sessions, reading, transaction
from citizencard.errors import CitizencardError
from citizencard.payments.gateway import Done, Page, Payment, PaymentGateway, Refund, Span
from citizencard.payments.gateway import Outcome as Answer
from citizencard.payments.models import FINAL, PaymentOrder, RefundOrder
from ledger.errors import LedgerError

WINDOW: Final = timedelta(hours=48)
"""How far back the lists are compared."""
MAX_PAGES: Final = 200
BATCH: Final = 100

Listed = TypeVar("Listed", Payment, Refund)

log = logging.getLogger("citizencard.checkout")


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found.

    Args:
        is_complete: both lists could be read to their end; otherwise nothing is said about what is missing.
        listed: how many payments and refunds the provider showed.
        booked: how many of them brought money into the books that no report had told us of.
        missing: payments that have a name at the provider, of the last 48 hours, and are not in its list.
        faults: how many objects a refusal or the database stopped; they are in the log by kind, and taken in with the next comparison.
    """

    is_complete: bool
    listed: int
    booked: int
    missing: int
    faults: int


def compare(sessions: Sessions, gateway: PaymentGateway, now: datetime) -> Compared:
    """Compare the last 48 hours."""
    span = Span(now - WINDOW, now + CLOCK_MARGIN)
    seen: set[str] = set()
    outcomes: list[Outcome | None] = []
    is_complete = True
    for page in _pages(gateway.payments, span):
        if page is None:
            is_complete = False
            break
        seen |= {payment.id for payment in page}
        outcomes += _take_payments(sessions, page, now)
    for refunds in _pages(gateway.refunds, span):
        if refunds is None:
            is_complete = False
            break
        seen |= {refund.id for refund in refunds}
        outcomes += _take_refunds(sessions, refunds, now)
    return Compared(
        is_complete=is_complete,
        listed=len(seen),
        booked=outcomes.count(Outcome.BOOKED),
        missing=_missing(sessions, seen, now) if is_complete else 0,
        faults=outcomes.count(None),
    )


def _pages(
    listing: Callable[[Span, str | None], Answer[Page[Listed]]], span: Span
) -> Iterator[tuple[Listed, ...] | None]:
    """The pages of a list; None when it cannot be read, or has no end."""
    after: str | None = None
    for _ in range(MAX_PAGES):
        answer = listing(span, after)
        if not isinstance(answer, Done):
            yield None
            return
        yield answer.value.items
        if answer.value.last is None:
            return
        after = answer.value.last
    yield None


def _take_payments(sessions: Sessions, page: tuple[Payment, ...], now: datetime) -> list[Outcome | None]:
    """Take in what is not known as it stands; what is, is not touched."""
    with reading(sessions) as session:
        rows = session.execute(
            select(PaymentOrder.provider_id, PaymentOrder.provider_state).where(
                PaymentOrder.provider_id.in_([payment.id for payment in page])
            )
        ).all()
    known = {row.provider_id: row.provider_state for row in rows}
    return [_taken(sessions, payment, now) for payment in page if known.get(payment.id) != payment.state]


def _take_refunds(sessions: Sessions, page: tuple[Refund, ...], now: datetime) -> list[Outcome | None]:
    with reading(sessions) as session:
        rows = session.execute(
            select(RefundOrder.provider_id, RefundOrder.provider_state).where(
                RefundOrder.provider_id.in_([refund.id for refund in page])
            )
        ).all()
    known = {row.provider_id: row.provider_state for row in rows}
    return [_taken(sessions, refund, now) for refund in page if known.get(refund.id) != refund.state]


def _taken(sessions: Sessions, seen: Payment | Refund, now: datetime) -> Outcome | None:
    """What became of an object; None when it could not be taken in, which does not stop the others."""
    taken: Taken
    try:
        with transaction(sessions) as session:
            taken = take_payment(session, seen, now) if isinstance(seen, Payment) else take_refund(session, seen, now)
    except (CitizencardError, LedgerError, DBAPIError) as refusal:
        log.warning("%s is left for the next comparison: %s", seen.id, type(refusal).__name__)
        return None
    return taken.outcome


def _missing(sessions: Sessions, seen: set[str], now: datetime) -> int:
    """Our open payments that the provider should show and does not, by pages."""
    missing, after = 0, ""
    while True:
        with reading(sessions) as session:
            page = session.execute(
                select(PaymentOrder.id, PaymentOrder.provider_id)
                .where(
                    PaymentOrder.provider_id.is_not(None),
                    PaymentOrder.created_at >= now - WINDOW + CLOCK_MARGIN,
                    PaymentOrder.state.not_in(FINAL - {"succeeded"}),
                    PaymentOrder.id > after,
                )
                .order_by(PaymentOrder.id)
                .limit(BATCH)
            ).all()
        missing += sum(row.provider_id not in seen for row in page)
        if len(page) < BATCH:
            return missing
        after = page[-1].id
