"""The life of a PaymentIntent and of a refund, as data.

Source: Stripe's documentation "How PaymentIntents work" and "Refund object"; a failed attempt falls back to
`requires_payment_method`, `succeeded` and `canceled` are the two ends of an intent.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class PaymentState(StrEnum):
    """Where a payment stands; the words are Stripe's."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class RefundState(StrEnum):
    """Where a refund stands; the words are Stripe's. A refund that succeeded can still fail later: the bank sent it back."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


_P = PaymentState
_R = RefundState

PAYMENT_STEPS: Final[Mapping[PaymentState, frozenset[PaymentState]]] = {
    # Read as "may be seen next": between two looks of ours, several of Stripe's own steps may have passed.
    _P.REQUIRES_PAYMENT_METHOD: frozenset(_P) - {_P.REQUIRES_PAYMENT_METHOD},
    _P.REQUIRES_CONFIRMATION: frozenset(_P) - {_P.REQUIRES_CONFIRMATION},
    _P.REQUIRES_ACTION: frozenset(_P) - {_P.REQUIRES_ACTION},
    # An attempt that is on its way does not go back to the resident except by failing, and then he chooses again.
    _P.PROCESSING: frozenset({_P.REQUIRES_PAYMENT_METHOD, _P.REQUIRES_CAPTURE, _P.SUCCEEDED, _P.CANCELED}),
    _P.REQUIRES_CAPTURE: frozenset({_P.PROCESSING, _P.SUCCEEDED, _P.CANCELED}),
    _P.SUCCEEDED: frozenset(),
    _P.CANCELED: frozenset(),
}
REFUND_STEPS: Final[Mapping[RefundState, frozenset[RefundState]]] = {
    _R.PENDING: frozenset({_R.REQUIRES_ACTION, _R.SUCCEEDED, _R.FAILED, _R.CANCELED}),
    _R.REQUIRES_ACTION: frozenset({_R.PENDING, _R.SUCCEEDED, _R.FAILED, _R.CANCELED}),
    _R.SUCCEEDED: frozenset({_R.FAILED}),
    _R.FAILED: frozenset(),
    _R.CANCELED: frozenset(),
}
CANCELABLE: Final = frozenset(
    {_P.REQUIRES_PAYMENT_METHOD, _P.REQUIRES_CONFIRMATION, _P.REQUIRES_ACTION, _P.REQUIRES_CAPTURE}
)
"""States in which a cancellation is accepted as a rule; in `processing` only in rare cases."""
CONFIRMABLE: Final = frozenset({_P.REQUIRES_PAYMENT_METHOD, _P.REQUIRES_CONFIRMATION, _P.REQUIRES_ACTION})
FINAL: Final = frozenset({_P.SUCCEEDED, _P.CANCELED})


def payment_may_become(known: PaymentState, seen: PaymentState) -> bool:
    """Whether a report of `seen` fits what is known; the same state again always does.

    False means that the report is older than what we know (order is not guaranteed): look the payment up, do not book.
    """
    return known == seen or seen in PAYMENT_STEPS[known]


def refund_may_become(known: RefundState, seen: RefundState) -> bool:
    """Whether a report of `seen` fits what is known of a refund; the same state again always does."""
    return known == seen or seen in REFUND_STEPS[known]
