"""Find one of our payments or refunds at the provider by our own reference, when an answer never came.

Listing is used, not the provider's search: a list shows what exists at once, the search some time later. "Not there" means that
nothing had been carried out when the list was made; a request that is still under way can follow. So the caller repeats with the
same key while the key is young (Stripe keeps one for 24 hours at least), and afterwards decides by the list alone.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from citizencard.payments.gateway import (
    Declined,
    Done,
    Outcome,
    Page,
    Payment,
    PaymentGateway,
    Problem,
    Refund,
    Refused,
    Span,
    Unknown,
)

MAX_PAGES: Final = 200  # 20,000 payments: a span of some minutes around the call is far smaller

Listed = TypeVar("Listed", Payment, Refund)


def find_payment(gateway: PaymentGateway, reference: str, span: Span) -> Outcome[Payment | None]:
    """The payment of ours with that reference, None when there is none in the span; `Unknown` when the list has no end."""
    return _find(gateway.payments, reference, span)


def find_refund(gateway: PaymentGateway, reference: str, span: Span) -> Outcome[Refund | None]:
    """The refund of ours with that reference, None when there is none in the span; `Unknown` when the list has no end."""
    return _find(gateway.refunds, reference, span)


def _find(
    listing: Callable[[Span, str | None], Outcome[Page[Listed]]], reference: str, span: Span
) -> Outcome[Listed | None]:
    after: str | None = None
    for _ in range(MAX_PAGES):
        answer = listing(span, after)
        if isinstance(answer, Declined | Refused | Unknown):
            return answer
        for item in answer.value.items:
            if item.reference == reference:
                return Done(item)
        if answer.value.last is None:
            return Done(None)
        after = answer.value.last
    return Unknown("answer_unreadable", Problem(message="the list has no end"))
