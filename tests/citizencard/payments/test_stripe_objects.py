"""What Stripe answers is read as documented, or not believed."""

from typing import Any

import pytest

from citizencard.payments.states import PaymentState
from citizencard.payments.stripe_objects import read_page, read_payment, read_problem, read_refund

PAYMENT: dict[str, Any] = {
    "id": "pi_1", "object": "payment_intent", "amount": 4950, "amount_received": 0, "currency": "cny", "created": 1_795_000_000,
    "status": "requires_action", "metadata": {"reference": "pay_1"}, "last_payment_error": None,
    "next_action": {"type": "alipay_handle_redirect", "alipay_handle_redirect": {"url": "https://wallet.invalid/"}},
}  # fmt: skip
REFUND: dict[str, Any] = {
    "id": "re_1", "object": "refund", "amount": 100, "currency": "cny", "created": 1_795_000_000, "status": "failed",
    "payment_intent": "pi_1", "metadata": {}, "failure_reason": "expired_or_canceled_card",
}  # fmt: skip


def test_a_payment_is_read_with_where_the_resident_must_go() -> None:
    """The page that asks for the resident's consent is found whichever wallet it belongs to."""
    payment = read_payment(PAYMENT)
    assert (payment.state, payment.amount_fen, payment.reference) == (PaymentState.REQUIRES_ACTION, 4950, "pay_1")
    assert payment.next_url == "https://wallet.invalid/"


def test_a_refund_says_why_it_failed() -> None:
    """A clerk can tell the resident why his money came back to us."""
    assert read_refund(REFUND).failure == "expired_or_canceled_card"


@pytest.mark.parametrize(
    "change",
    [{"object": "refund"}, {"amount": "4950"}, {"amount": -1}, {"amount": True}, {"amount": 1.0}, {"status": "paid"},
     {"id": None}, {"created": 10**30}, {"currency": 1}],
)  # fmt: skip
def test_an_odd_payment_is_not_believed(change: dict[str, Any]) -> None:
    """No guess is booked."""
    with pytest.raises(ValueError, match=r"."):
        read_payment(PAYMENT | change)


def test_a_page_that_promises_more_of_nothing_is_not_believed() -> None:
    """A sweep does not turn for ever."""
    with pytest.raises(ValueError, match="page"):
        read_page({"object": "list", "data": [], "has_more": True}, read_payment)
    page = read_page({"object": "list", "data": [PAYMENT], "has_more": True}, read_payment)
    assert page.last == "pi_1"


def test_a_problem_is_cut_to_size() -> None:
    """A hostile answer does not fill the log."""
    problem = read_problem({"message": "x" * 10_000, "code": "y" * 10_000, "type": 5})
    assert (len(problem.message), len(problem.code), problem.type) == (500, 120, "")


def test_a_stand_in_that_does_not_say_what_was_received_means_all_of_it() -> None:
    """Stripe always says it. Where it is missing, only a payment that succeeded has received anything."""
    silent = {name: value for name, value in PAYMENT.items() if name != "amount_received"}
    assert read_payment(silent | {"status": "succeeded"}).received_fen == PAYMENT["amount"]
    assert read_payment(silent | {"status": "requires_action"}).received_fen == 0
    assert read_payment(PAYMENT | {"status": "succeeded", "amount_received": 1}).received_fen == 1
