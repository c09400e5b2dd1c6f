"""Our rows against the provider's lists, both ways."""

from citizencard.checkout.comparing import Compared, compare
from tests.citizencard.checkout.make_checkout import BILL_FEN, Office
from tests.stripe_fake.server import Ordered


def test_what_no_report_told_is_booked(desk: Office) -> None:
    """A charge and a refund made by hand, with every report lost: the books follow the provider's balance."""
    made = desk.fake.books.create({"amount": "700", "currency": "cny"})
    desk.fake.books.receive(made["id"])
    desk.fake.books.refund({"payment_intent": made["id"], "amount": "300"})
    assert compare(desk.sessions, desk.gateway, desk.now) == Compared(True, 2, 2, 0, 0)
    assert desk.money()["suspense"] == 400
    assert compare(desk.sessions, desk.gateway, desk.now).booked == 0


def test_what_the_provider_does_not_show_is_counted(desk: Office) -> None:
    """A payment that we hold for paid and the provider has never seen is an alarm."""
    paid = desk.paid_bill()
    del desk.fake.books.payments[desk.provider(paid.id)["id"]]
    assert compare(desk.sessions, desk.gateway, desk.now).missing == 1


def test_a_list_that_cannot_be_read_proves_nothing(desk: Office) -> None:
    """No alarm is raised by a broken line."""
    desk.paid_bill()
    desk.fake.order("look", Ordered.RESET_BEFORE)
    found = compare(desk.sessions, desk.gateway, desk.now)
    assert (found.is_complete, found.missing) == (False, 0)
    assert desk.fake.books.held_fen() == BILL_FEN
