"""What cannot be meant is refused before anything is sent."""

from datetime import UTC, datetime

import pytest

from citizencard.payments.errors import PaymentRequestInvalid
from citizencard.payments.gateway import Attempt, Confirmation, NewPayment, NewRefund, Span

ATTEMPT = Attempt("key-1", "pay_1")


@pytest.mark.parametrize("key", ["", "a" * 256, "a b", "a\r\nX: y", "é"])
def test_an_unusable_key_is_refused(key: str) -> None:
    """A key that would be cut or changed on the way protects no money."""
    with pytest.raises(PaymentRequestInvalid):
        Attempt(key, "pay_1")


@pytest.mark.parametrize("reference", ["", "a" * 97, "pay/1", "卡"])
def test_an_unusable_reference_is_refused(reference: str) -> None:
    """Our own name of a payment must come back as it was sent."""
    with pytest.raises(PaymentRequestInvalid):
        Attempt("key-1", reference)


@pytest.mark.parametrize("amount_fen", [0, -1, 100_000_000, True, 1.5])
def test_an_impossible_amount_is_refused(amount_fen: int) -> None:
    """Money is whole fen, more than nothing, at most eight digits."""
    with pytest.raises(PaymentRequestInvalid):
        NewPayment(ATTEMPT, amount_fen)
    with pytest.raises(PaymentRequestInvalid):
        NewRefund(ATTEMPT, "pi_1", amount_fen)


def test_a_card_number_is_no_method() -> None:
    """No bank card number ever leaves us, since none ever reaches us."""
    with pytest.raises(PaymentRequestInvalid):
        Confirmation(ATTEMPT, "pi_1", method="4242424242424242")


@pytest.mark.parametrize("payment", ["", "pi_", "pi_1/cancel", "pi_1?x=1", "../v1/refunds", "re_1"])
def test_only_the_id_of_a_payment_gets_into_an_address(payment: str) -> None:
    """A crafted id leads to no other resource."""
    with pytest.raises(PaymentRequestInvalid):
        Confirmation(ATTEMPT, payment)


def test_a_redirect_needs_a_way_back_and_excludes_a_stored_method() -> None:
    """The resident who is sent to his wallet finds back to us."""
    with pytest.raises(PaymentRequestInvalid):
        Confirmation(ATTEMPT, "pi_1", redirect="alipay")
    with pytest.raises(PaymentRequestInvalid):
        Confirmation(ATTEMPT, "pi_1", method="pm_1", redirect="alipay", return_url="https://city.invalid/")


def test_a_span_of_time_is_aware_and_not_empty() -> None:
    """A list over the wrong hours would prove that a payment does not exist."""
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    with pytest.raises(PaymentRequestInvalid):
        Span(noon, noon)
    with pytest.raises(PaymentRequestInvalid):
        Span(noon.replace(tzinfo=None), noon)
