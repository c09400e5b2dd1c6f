"""The two ends of a payment are ends, and a late report never wins over a newer one."""

import pytest

from citizencard.payments.states import (
    CANCELABLE,
    CONFIRMABLE,
    FINAL,
    PAYMENT_STEPS,
    REFUND_STEPS,
    PaymentState,
    RefundState,
    payment_may_become,
    refund_may_become,
)


def test_the_tables_name_every_state() -> None:
    """No state is met for which nobody decided what may follow."""
    assert set(PAYMENT_STEPS) == set(PaymentState)
    assert set(REFUND_STEPS) == set(RefundState)


@pytest.mark.parametrize("end", sorted(FINAL))
def test_nothing_follows_an_end(end: PaymentState) -> None:
    """A payment that succeeded or was given up stays so, whatever a late report says."""
    assert [state for state in PaymentState if payment_may_become(end, state)] == [end]
    assert end not in CANCELABLE | CONFIRMABLE


def test_every_open_payment_can_come_to_both_ends() -> None:
    """No payment is caught in a state that leads nowhere."""
    for state in set(PaymentState) - FINAL:
        assert PAYMENT_STEPS[state] >= FINAL


def test_a_payment_on_its_way_does_not_go_back_to_the_resident_except_by_failing() -> None:
    """The report of an earlier step that comes late is noticed."""
    assert not payment_may_become(PaymentState.PROCESSING, PaymentState.REQUIRES_ACTION)
    assert payment_may_become(PaymentState.PROCESSING, PaymentState.REQUIRES_PAYMENT_METHOD)


def test_a_refund_that_succeeded_can_still_come_back() -> None:
    """The bank may return a refund after it was reported as made; a failed one stays failed."""
    assert refund_may_become(RefundState.SUCCEEDED, RefundState.FAILED)
    assert not refund_may_become(RefundState.SUCCEEDED, RefundState.PENDING)
    assert not refund_may_become(RefundState.FAILED, RefundState.SUCCEEDED)
