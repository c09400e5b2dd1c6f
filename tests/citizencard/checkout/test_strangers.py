"""Money at the provider that nobody here asked for."""

from citizencard.checkout.intake import Outcome
from tests.citizencard.checkout.make_checkout import Office


def test_a_charge_made_elsewhere_is_in_suspense(desk: Office) -> None:
    """Somebody made a payment by hand on the provider's page: it is there, so it is in the books, once, and a person sees it."""
    made = desk.fake.books.create({"amount": "700", "currency": "cny"})
    assert desk.report(desk.event("payment_intent.created", made)).outcome is Outcome.IGNORED
    desk.fake.books.receive(made["id"])
    assert desk.report(desk.event("payment_intent.succeeded", made)).outcome is Outcome.BOOKED
    assert desk.report(desk.event("payment_intent.succeeded", made)).outcome is Outcome.DUPLICATE
    assert desk.findings() == ["charge_not_ours"]
    assert desk.money()["suspense"] == 700


def test_a_refund_made_elsewhere_follows_in_whatever_order(desk: Office) -> None:
    """Made by hand, failed later, reported in the wrong order: suspense and the provider's balance agree in the end."""
    made = desk.fake.books.create({"amount": "700", "currency": "cny"})
    desk.fake.books.receive(made["id"])
    desk.report(desk.event("payment_intent.succeeded", made))
    first = desk.fake.books.refund({"payment_intent": made["id"], "amount": "300"})
    desk.report(desk.event("refund.created", dict(first)))
    assert desk.money()["suspense"] == 400
    first["status"] = "failed"
    desk.report(desk.event("refund.failed", first))
    assert desk.money()["suspense"] == 700
    second = desk.fake.books.refund({"payment_intent": made["id"], "amount": "200"})
    created = desk.event("refund.created", dict(second))
    second["status"] = "failed"
    desk.report(desk.event("refund.failed", second))
    desk.report(created)
    assert desk.money()["suspense"] == 700


def test_other_money_is_only_seen(desk: Office) -> None:
    """Dollars have no place in our books."""
    made = {**desk.fake.books.create({"amount": "700", "currency": "cny"}), "currency": "usd"}
    made |= {"status": "succeeded", "amount_received": 700}
    desk.report(desk.event("payment_intent.succeeded", made))
    refund = {"id": "re_9", "object": "refund", "status": "succeeded", "payment_intent": made["id"], "amount": 7,
              "currency": "usd", "created": made["created"], "metadata": {}}  # fmt: skip
    desk.report(desk.event("refund.created", refund))
    assert desk.findings() == ["charge_not_ours", "refund_not_ours"]
    assert desk.money()["stripe"] == 0
