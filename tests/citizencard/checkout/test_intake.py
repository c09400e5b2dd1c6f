"""Whose payment is it?"""

from citizencard.checkout.intake import find_payment_order
from citizencard.db import reading
from citizencard.payments.gateway import Done
from tests.citizencard.checkout.make_checkout import Office
from tests.stripe_fake.server import Ordered


def test_a_payment_is_known_by_either_name(desk: Office) -> None:
    """By the provider's name; and by ours, when its answer with the name was lost."""
    desk.fake.order("create", Ordered.RESET_AFTER)
    desk.fake.order("look", Ordered.RESET_BEFORE)
    begun = desk.begin_bill()
    assert desk.order(begun.id).provider_id is None
    found = desk.gateway.payment(desk.provider(begun.id)["id"])
    assert isinstance(found, Done)
    with reading(desk.sessions) as session:
        order = find_payment_order(session, found.value)
    assert order is not None
    assert order.id == begun.id
