"""Sending money back: under one key, whatever goes wrong, and open again when it comes back."""

import pytest

from citizencard.checkout import flow
from citizencard.checkout.intake import Outcome
from citizencard.checkout.sendings import refuse_sending, take_sending
from citizencard.db import transaction
from tests.citizencard.checkout.make_checkout import BILL_FEN, NO_ANSWER, Office, PowerCut
from tests.stripe_fake.server import Ordered, refusal


@pytest.mark.parametrize("fault", NO_ANSWER, ids=lambda fault: fault.name)
def test_a_refund_without_an_answer_is_found(desk: Office, fault: Ordered) -> None:
    """The provider has sent it and nobody heard: it is found by our own name, and not sent again."""
    paid = desk.paid_bill()
    desk.refund(paid.id, BILL_FEN)
    desk.fake.order("refund", fault)
    assert desk.send_refunds().ended == 1
    assert desk.fake.books.held_fen() == 0
    assert len(desk.fake.books.refunds) == 1
    assert desk.money(paid.id)["refund"] == 0


def test_a_refund_that_never_arrived_is_sent_with_its_key(desk: Office) -> None:
    """The line was broken: the sweep sends the same request again."""
    paid = desk.paid_bill()
    desk.refund(paid.id, BILL_FEN)
    desk.fake.order("refund", Ordered.RESET_BEFORE)
    assert desk.send_refunds() == flow.RefundsSent(0, 1)
    assert desk.see(paid.id).refunds[0].problem == "unknown"
    assert desk.sweep().is_all_done
    assert len({seen.key for seen in desk.fake.seen if seen.path == "/v1/refunds" and seen.method == "POST"}) == 1
    assert desk.money(paid.id)["refund"] == 0


@pytest.mark.parametrize(
    "point", ["find_refund_outcome", "take_refund_report"], ids=["before the call", "after the call"]
)
def test_a_crash_while_sending_is_gone_on_from(desk: Office, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    """The power fails before or after the call: nobody sends it meanwhile, and then it is sent once."""
    paid = desk.paid_bill()
    desk.refund(paid.id, BILL_FEN)

    def power_cut(*_: object, **__: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(flow, point, power_cut)
        with pytest.raises(PowerCut):
            desk.send_refunds()
    assert desk.send_refunds() == flow.RefundsSent(0, 0)
    desk.later(minutes=6)
    assert desk.sweep().is_all_done
    assert len(desk.fake.books.refunds) == 1
    assert desk.money(paid.id)["refund"] == 0


def test_an_old_key_is_not_used_again(desk: Office) -> None:
    """After a day nobody may repeat the request: it is looked up, was not carried out, and begins anew."""
    paid = desk.paid_bill()
    desk.refund(paid.id, BILL_FEN)
    desk.fake.order("refund", Ordered.RESET_BEFORE)
    desk.send_refunds()
    desk.later(hours=25)
    assert desk.send_refunds() == flow.RefundsSent(0, 1)
    assert desk.send_refunds() == flow.RefundsSent(1, 0)
    keys = {seen.key for seen in desk.fake.seen if seen.path == "/v1/refunds" and seen.method == "POST"}
    assert len(keys) == 2
    assert len(desk.fake.books.refunds) == 1
    assert desk.money(paid.id)["refund"] == 0


def test_a_replayed_error_uses_the_key_up(desk: Office) -> None:
    """The provider failed before it did anything and says so for ever: a new key, and the money goes."""
    paid = desk.paid_bill()
    refund = desk.refund(paid.id, BILL_FEN)
    parameters = {
        "payment_intent": desk.provider(paid.id)["id"],
        "amount": str(BILL_FEN),
        "metadata[reference]": refund.id,
    }
    desk.fake.stored[refund.key] = (("/v1/refunds", parameters), refusal(500, "api_error", ""))
    assert desk.send_refunds() == flow.RefundsSent(0, 1)
    assert desk.send_refunds() == flow.RefundsSent(1, 0)
    assert desk.money(paid.id)["refund"] == 0


def test_a_refund_that_fails_later_is_open_again(desk: Office) -> None:
    """The resident's bank sends it back a week later: the money is here again, a person sees it, and can send it once more."""
    paid = desk.paid_bill()
    desk.refund(paid.id, BILL_FEN)
    desk.send_refunds()
    (content,) = desk.fake.books.refunds.values()
    content.update(status="failed", failure_reason="lost_or_stolen_card")
    failed = desk.event("refund.failed", content)
    assert [desk.report(failed).outcome, desk.report(failed).outcome] == [Outcome.BOOKED, Outcome.DUPLICATE]
    old = desk.event("refund.updated", {**content, "status": "succeeded"})
    assert desk.report(old).outcome is Outcome.NOTED
    assert desk.findings() == ["refund_failed"]
    seen = desk.see(paid.id)
    assert (seen.refunds[0].state, seen.refunds[0].problem, seen.refunded_fen) == ("failed", "lost_or_stolen_card", 0)
    held = desk.money(paid.id)
    assert (held["utility"], held["refund"], held["stripe"]) == (0, BILL_FEN, BILL_FEN)
    desk.refund(paid.id, BILL_FEN)
    assert desk.money(paid.id)["utility"] == 0
    desk.send_refunds()
    assert desk.money(paid.id)["stripe"] == 0


def test_a_refund_that_the_provider_refuses_stays_here(desk: Office) -> None:
    """Somebody has given it back on the provider's own page: ours is refused, the money stays in the books, a person sees it."""
    paid = desk.paid_bill()
    by_hand = desk.fake.books.refund({"payment_intent": desk.provider(paid.id)["id"], "amount": str(BILL_FEN)})
    desk.refund(paid.id, BILL_FEN)
    assert desk.send_refunds().ended == 1
    assert desk.see(paid.id).refunds[0].state == "failed"
    assert desk.report(desk.event("refund.created", by_hand)).outcome is Outcome.BOOKED
    assert desk.findings() == ["refund_refused", "refund_not_ours"]
    held = desk.money(paid.id)
    assert (held["refund"], held["suspense"], held["stripe"]) == (BILL_FEN, -BILL_FEN, 0)


def test_who_was_overtaken_does_not_end_a_refund(desk: Office) -> None:
    """A sender that hung for longer than its lease is told no at last: by then another one sends it, and only that one knows the end."""
    paid = desk.paid_bill()
    refund = desk.refund(paid.id, BILL_FEN)
    with transaction(desk.sessions) as session:
        slow = take_sending(session, refund.id, desk.now)
    desk.later(minutes=6)
    with transaction(desk.sessions) as session:
        assert take_sending(session, refund.id, desk.now) is not None
    assert slow is not None
    with transaction(desk.sessions) as session:
        refuse_sending(session, slow, "refused", desk.now)
    assert desk.see(paid.id).refunds[0].state == "sent"
    assert desk.findings() == []


def test_a_refund_that_takes_its_time_is_booked_at_once_and_ended_later(desk: Office) -> None:
    """It has left our balance when the provider took it; that it arrived is told later."""
    paid = desk.paid_bill()
    refund = desk.refund(paid.id, BILL_FEN)
    desk.send_refunds()
    (content,) = desk.fake.books.refunds.values()
    assert desk.money(paid.id)["refund"] == 0
    assert desk.report(desk.event("refund.updated", content)).outcome is Outcome.NOTED
    with transaction(desk.sessions) as session:
        assert take_sending(session, refund.id, desk.now) is None
