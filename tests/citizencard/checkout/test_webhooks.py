"""Reports of the provider: believed when signed, kept once, booked once, in whatever order they come."""

import pytest
from sqlalchemy import select

from citizencard.checkout.intake import Outcome
from citizencard.checkout.webhooks import Delivery, receive
from citizencard.db import reading
from citizencard.payments.errors import WebhookForged, WebhookOutOfTime
from citizencard.payments.models import WebhookEvent
from tests.citizencard.checkout.make_checkout import BILL_FEN, SECRETS, Office
from tests.stripe_fake import webhooks
from tests.stripe_fake.books import DECLINING, TO_PAGE, WORKING
from tests.stripe_fake.server import Ordered


def paid_by_app(desk: Office) -> tuple[str, dict[str, object]]:
    """A payment that is with the resident's own app, and has just been paid there."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    content = desk.provider(begun.id)
    desk.fake.books.receive(content["id"])
    return begun.id, content


def rows(desk: Office) -> list[WebhookEvent]:
    with reading(desk.sessions) as session:
        found = list(session.scalars(select(WebhookEvent).order_by(WebhookEvent.id)))
        session.expunge_all()
    return found


def test_a_report_books_the_charge(desk: Office) -> None:
    """The resident pays in his app and closes the browser: the bill is paid all the same."""
    payment_id, content = paid_by_app(desk)
    received = desk.report(desk.event("payment_intent.succeeded", content))
    assert (received.outcome, received.is_handled) == (Outcome.BOOKED, True)
    assert desk.see(payment_id).state == "succeeded"
    assert desk.money(payment_id)["utility"] == BILL_FEN
    (row,) = rows(desk)
    assert row.money_reference == f"stripe:{content['id']}:charge"


def test_a_report_that_comes_again_changes_nothing(desk: Office) -> None:
    """The provider delivers until it is sure, and sometimes makes two events of one change: one charge in the books."""
    payment_id, content = paid_by_app(desk)
    event = desk.event("payment_intent.succeeded", content)
    answers = [desk.report(event).outcome, desk.report(event).outcome]
    answers.append(desk.report(desk.event("payment_intent.succeeded", content)).outcome)
    assert answers == [Outcome.BOOKED, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert desk.money(payment_id)["utility"] == BILL_FEN
    assert [row.money_reference is not None for row in rows(desk)] == [True, False]


def test_whoever_reports_first_books(desk: Office) -> None:
    """The answer came first: the report that follows finds the money in the books."""
    paid = desk.paid_bill()
    assert desk.report(desk.event("payment_intent.succeeded", desk.provider(paid.id))).outcome is Outcome.DUPLICATE
    assert desk.money(paid.id)["utility"] == BILL_FEN


def test_old_news_is_looked_up_and_changes_nothing(desk: Office) -> None:
    """Reports overtake each other: 'it needs an action' after 'it was paid' takes nothing back, and before it is paid counts as it is."""
    begun = desk.begin_bill()
    created = desk.event("payment_intent.created", dict(desk.provider(begun.id)))
    desk.confirm(begun.id, TO_PAGE)
    waiting = desk.event("payment_intent.requires_action", dict(desk.provider(begun.id)))
    assert desk.report(created).outcome is Outcome.NOTED
    assert desk.see(begun.id).state == "action"
    desk.fake.books.receive(desk.provider(begun.id)["id"])
    assert desk.report(waiting).outcome is Outcome.BOOKED
    assert desk.report(
        desk.event("payment_intent.requires_action", {**desk.provider(begun.id), "status": "requires_action"})
    ).outcome
    assert desk.see(begun.id).state == "succeeded"
    assert desk.money(begun.id)["utility"] == BILL_FEN


def test_a_reported_decline_ends_the_try_whose_answer_was_lost(desk: Office) -> None:
    """The answer never came, the report says 'declined': whoever pays by another card now gets a new payment, not the declined one."""
    bill = desk.works.bill()
    declined = desk.begin_bill(bill, method=DECLINING)
    desk.fake.order("confirm", Ordered.RESET_AFTER)
    desk.fake.order("look", Ordered.RESET_BEFORE)
    assert desk.confirm(declined.id, DECLINING).problem == "unknown"
    assert desk.report(desk.event("payment_intent.payment_failed", desk.provider(declined.id))).outcome is Outcome.NOTED
    assert (desk.see(declined.id).state, desk.see(declined.id).problem) == ("waiting", "insufficient_funds")
    assert [str(attempt.state) for attempt in desk.attempts(declined.id)] == ["done", "done"]
    paid = desk.confirm(desk.begin_bill(bill, method=WORKING).id)
    assert paid.id != declined.id
    assert desk.money(paid.id)["utility"] == BILL_FEN


def test_an_end_that_contradicts_another_is_looked_up(desk: Office) -> None:
    """Somebody with our secret, or a mistake at the provider, says 'cancelled' of what was paid: what is there counts."""
    payment_id, content = paid_by_app(desk)
    desk.report(desk.event("payment_intent.succeeded", content))
    assert desk.report(desk.event("payment_intent.canceled", {**content, "status": "canceled"})).is_handled
    assert desk.see(payment_id).state == "succeeded"


def test_a_declined_app_payment_says_so(desk: Office) -> None:
    """He had no money in the app: the payment waits for another try, and says why."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    error = {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}
    desk.provider(begun.id).update(status="requires_payment_method", next_action=None, last_payment_error=error)
    desk.report(desk.event("payment_intent.payment_failed", desk.provider(begun.id)))
    seen = desk.see(begun.id)
    assert (seen.state, seen.problem) == ("waiting", "insufficient_funds")


def test_forged_and_late_reports_are_not_kept(desk: Office) -> None:
    """A stranger who knows the address books nothing, and leaves nothing in the inbox."""
    _, content = paid_by_app(desk)
    event = desk.event("payment_intent.succeeded", content)
    with pytest.raises(WebhookForged):
        desk.report(event, "whsec_other")
    old = webhooks.deliver(event, int(desk.now.timestamp()) - 301)
    with pytest.raises(WebhookOutOfTime):
        receive(desk.sessions, desk.gateway, Delivery(old.body, old.signature), SECRETS, desk.now)
    assert rows(desk) == []
    assert desk.fake.books.held_fen() == BILL_FEN


def test_a_report_that_cannot_be_finished_waits_for_the_sweep(desk: Office) -> None:
    """The provider cannot be reached at that moment: the report is safe, acknowledged, and acted on later."""
    payment_id, content = paid_by_app(desk)
    desk.fake.order("look", Ordered.RESET_BEFORE)
    stale = {**content, "status": "processing", "amount_received": 0}
    received = desk.report(desk.event("payment_intent.processing", stale))
    assert (received.outcome, received.is_handled) == (Outcome.NOTED, False)
    assert desk.see(payment_id).state == "action"
    swept = desk.sweep()
    assert (swept.events_handled, swept.is_all_done) == (1, True)
    assert desk.money(payment_id)["utility"] == BILL_FEN


def test_a_report_about_nothing_of_ours_is_kept_and_ignored(desk: Office) -> None:
    """Payouts and customers are not our business here."""
    assert desk.report(desk.event("payout.paid", {"id": "po_1", "object": "payout"})).outcome is Outcome.IGNORED


def test_the_inbox_keeps_no_words_and_no_addresses(desk: Office) -> None:
    """What the provider tells about a payer stays there."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    desk.report(
        desk.event("payment_intent.requires_action", {**desk.provider(begun.id), "receipt_email": "li@city.test"})
    )
    assert set(rows(desk)[0].seen) == {
        "kind", "id", "state", "amount_fen", "received_fen", "currency", "reference", "created"
    }  # fmt: skip
