"""The sweep brings everything to an end, as often as it is run, and beside others."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from citizencard.checkout import comparing, flow
from citizencard.checkout.intake import Taken, take_payment
from citizencard.checkout.sendings import Sending, take_sending
from citizencard.checkout.sweep import PAGE, sweep
from citizencard.checkout.views import PaymentView
from citizencard.payments.gateway import Payment
from ledger.errors import LedgerError
from tests.citizencard.checkout.make_checkout import BILL_FEN, Office
from tests.stripe_fake.books import TO_PAGE
from tests.stripe_fake.server import Ordered


def test_a_quiet_city_has_nothing_to_sweep(desk: Office) -> None:
    """Nothing is left, and nothing is asked of the provider but its lists."""
    desk.paid_bill()
    asked = len(desk.fake.seen)
    report = desk.sweep()
    assert report.is_all_done
    assert (report.compared, report.booked_by_comparison, report.missing) == (1, 0, 0)
    assert len(desk.fake.seen) == asked + 2


def test_a_payment_that_nobody_pays_is_cancelled_after_an_hour(desk: Office) -> None:
    """A page that was left open over lunch binds nobody's bill."""
    begun, sent = desk.begin_bill(), desk.begin_top_up()
    desk.confirm(sent.id, TO_PAGE)
    desk.later(minutes=59)
    assert desk.sweep().cancelled == 0
    desk.later(minutes=1)
    assert desk.sweep().cancelled == 2
    assert [desk.see(one.id).state for one in (begun, sent)] == ["canceled", "canceled"]
    assert desk.sweep().is_all_done


def test_a_payment_that_the_provider_has_forgotten_is_given_up(desk: Office) -> None:
    """A test server that was started anew knows nothing of before: the open payment ends, no money moves, the bill can be paid."""
    begun = desk.begin_bill()
    desk.fake.books.payments.clear()
    desk.later(hours=1)
    assert desk.sweep().cancelled == 1
    assert desk.see(begun.id).state == "canceled"
    assert desk.sweep().is_all_done
    assert desk.money(begun.id)["utility"] == 0
    again = desk.begin_bill()
    assert again.id != begun.id


def test_what_is_being_processed_is_waited_for(desk: Office) -> None:
    """A bank that takes its time is not cut short."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    desk.provider(begun.id)["status"] = "processing"
    desk.later(hours=5)
    assert desk.sweep().cancelled == 0
    desk.fake.books.receive(desk.provider(begun.id)["id"])
    desk.sweep()
    assert desk.see(begun.id).state == "succeeded"


def test_a_lost_report_is_made_good(desk: Office) -> None:
    """The provider's report never came: the sweep looks, and books."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    desk.fake.books.receive(desk.provider(begun.id)["id"])
    desk.later(minutes=3)
    assert desk.sweep().looked_up == 1
    assert desk.money(begun.id)["utility"] == BILL_FEN


def test_a_fault_of_one_payment_does_not_stop_the_others(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """One payment that cannot be looked at is counted and left; all others are brought to their end."""
    first, second = sorted([desk.begin_bill().id, desk.begin_top_up().id])
    refresh = flow.refresh

    def stumbling(*given: Any) -> PaymentView:
        if given[2] == first:
            raise LedgerError("no")
        return refresh(*given)

    monkeypatch.setattr(flow, "refresh", stumbling)
    desk.later(hours=2)
    report = desk.sweep()
    assert (report.faults, report.is_all_done) == (1, False)
    assert [desk.see(one).state for one in (first, second)] == ["waiting", "canceled"]


def test_a_fault_of_one_refund_does_not_stop_the_others(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refund that cannot be taken up is counted and left; the others leave, and the lists are compared all the same."""
    bills = [desk.works.bill(f"R{number}") for number in (1, 2)]
    first, second = sorted(desk.refund(desk.paid_bill(bill_id=bill).id, BILL_FEN).id for bill in bills)

    def stumbling(session: Session, refund_id: str, now: datetime) -> Sending | None:
        if refund_id == first:
            raise LedgerError("no")
        return take_sending(session, refund_id, now)

    monkeypatch.setattr(flow, "take_sending", stumbling)
    report = desk.sweep()
    assert (report.refunds_ended, report.refunds_left, report.is_all_done) == (1, 1, False)
    assert report.compared is not None
    assert [refund["metadata"]["reference"] for refund in desk.fake.books.refunds.values()] == [second]


def test_a_fault_of_one_listed_payment_does_not_stop_the_comparison(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two charges that no report told of, one cannot be booked: the other is, and the run says that something is left."""
    charges = {}
    for number in (1, 2):
        begun = desk.begin_bill(desk.works.bill(f"C{number}"))
        desk.confirm(begun.id, TO_PAGE)
        charges[begun.id] = desk.provider(begun.id)["id"]
        desk.fake.books.receive(charges[begun.id])
    stuck, booked = charges

    def stumbling(session: Session, seen: Payment, now: datetime) -> Taken:
        if seen.id == charges[stuck]:
            raise LedgerError("no")
        return take_payment(session, seen, now)

    monkeypatch.setattr(comparing, "take_payment", stumbling)
    report = desk.sweep()
    assert (report.booked_by_comparison, report.faults, report.is_all_done) == (1, 1, False)
    assert desk.see(booked).state == "succeeded"


def test_an_unknown_outcome_after_a_day_is_decided_by_a_look(desk: Office) -> None:
    """A creation that nobody ever heard of again is given up after a day; until then it is repeated with its key."""
    desk.fake.order("create", Ordered.RESET_BEFORE)
    begun = desk.begin_bill()
    desk.fake.order("create", Ordered.RESET_BEFORE)
    desk.later(minutes=6)
    assert desk.sweep().tries_left == 1
    desk.later(hours=25)
    assert desk.sweep().tries_ended == 1
    assert desk.see(begun.id).state == "failed"
    assert desk.fake.books.created == {}


def test_progress_is_told(desk: Office) -> None:
    """Whoever watches a long run sees that it moves."""
    told: list[tuple[str, int]] = []
    desk.begin_bill()
    sweep(desk.sessions, desk.gateway, desk.now, lambda what, count: told.append((what, count)))
    assert [what for what, _ in told] == ["events", "tries", "payments", "refunds", "compared"]
    assert PAGE >= 100
