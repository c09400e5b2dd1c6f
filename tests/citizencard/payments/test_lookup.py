"""A payment whose answer was lost is found by our own reference, and "not there" is only said of a complete list."""

from datetime import UTC, datetime, timedelta

import pytest

from citizencard.payments import lookup
from citizencard.payments.gateway import Attempt, Done, NewPayment, Span, Unknown
from citizencard.payments.lookup import find_payment, find_refund
from citizencard.payments.stripe import StripeGateway
from tests.stripe_fake.server import Ordered, StripeFake

START = datetime.fromtimestamp(1_795_000_000, UTC)
SPAN = Span(START, START + timedelta(hours=1))


def test_a_payment_behind_others_is_found(fake: StripeFake, gateway: StripeGateway) -> None:
    """The search turns pages until it finds what is ours."""
    for number in range(230):
        fake.books.create({"amount": "1", "currency": "cny", "metadata[reference]": f"pay_{number}"})
    found = find_payment(gateway, "pay_3", SPAN)
    assert isinstance(found, Done)
    assert found.value is not None
    assert found.value.reference == "pay_3"
    assert len(fake.seen) == 3
    assert find_payment(gateway, "pay_none", SPAN) == Done(None)
    assert find_refund(gateway, "ref_none", SPAN) == Done(None)


def test_the_span_bounds_the_list(fake: StripeFake, gateway: StripeGateway) -> None:
    """Only what was created in the span is looked at: from its first second up to, not including, its last."""
    gateway.create(NewPayment(Attempt("key-1", "pay_1"), 100))
    assert fake.books.payments["pi_000001"]["created"] == START.timestamp() + 1
    one = timedelta(seconds=1)
    assert find_payment(gateway, "pay_1", Span(START, START + one)) == Done(None)
    assert find_payment(gateway, "pay_1", Span(START + one, START + 2 * one)) != Done(None)


def test_a_list_that_breaks_off_proves_nothing(fake: StripeFake, gateway: StripeGateway) -> None:
    """Half a list is no proof that a payment does not exist."""
    fake.order("look", *[Ordered.RESET_BEFORE] * 3)
    assert isinstance(find_payment(gateway, "pay_1", SPAN), Unknown)


def test_a_list_without_end_is_left(fake: StripeFake, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search is bounded, and says that it did not come to the end."""
    for number in range(205):
        fake.books.create({"amount": "1", "currency": "cny", "metadata[reference]": f"pay_{number}"})
    monkeypatch.setattr(lookup, "MAX_PAGES", 2)
    assert isinstance(find_payment(gateway, "pay_none", SPAN), Unknown)
