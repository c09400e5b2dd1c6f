"""Everybody at once: the answer, the reports, the page that looks again, two sweeps. One charge, one refund."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from citizencard.billing.errors import BillNotPayable
from citizencard.checkout.errors import PaymentBusy, PaymentStateForbids
from citizencard.db import Sessions
from tests.citizencard.accounts.make_accounts import at_once
from tests.citizencard.billing.make_bills import Waterworks
from tests.citizencard.checkout.make_checkout import BILL_FEN, IMPATIENT, Office, office
from tests.stripe_fake.books import TO_PAGE


def unless_busy(work: Callable[[], object]) -> object:
    """A second click is told to wait, or that it is done."""
    try:
        return work()
    except (BillNotPayable, PaymentBusy, PaymentStateForbids) as refusal:
        return refusal


def test_a_charge_is_booked_once_whoever_reports_it(committed: Sessions, now: datetime) -> None:
    """Four reports, two looks and a sweep see the same charge in the same moment."""
    with office(Waterworks.open(committed, now), IMPATIENT) as desk:
        begun = desk.begin_bill()
        desk.confirm(begun.id, TO_PAGE)
        content = desk.provider(begun.id)
        desk.fake.books.receive(content["id"])
        events = [desk.event("payment_intent.succeeded", content) for _ in range(2)] * 2
        reports: list[Callable[[], object]] = [partial(desk.report, event) for event in events]
        at_once([*reports, partial(desk.refresh, begun.id), partial(desk.refresh, begun.id), desk.sweep])
        _is_paid_once(desk, begun.id)


def test_a_second_click_charges_nobody(committed: Sessions, now: datetime) -> None:
    """Five clicks on 'pay' at once are one payment."""
    with office(Waterworks.open(committed, now), IMPATIENT) as desk:
        begun = desk.begin_bill()
        at_once([partial(unless_busy, partial(desk.confirm, begun.id)) for _ in range(5)])
        _is_paid_once(desk, begun.id)


def test_a_bill_begun_twice_at_once_is_one_payment(committed: Sessions, now: datetime) -> None:
    """Five clicks on 'pay' that each begin and confirm charge the card once: nothing has to be sent back afterwards."""
    with office(Waterworks.open(committed, now), IMPATIENT) as desk:
        bill = desk.works.bill()
        at_once([partial(unless_busy, lambda: desk.confirm(desk.begin_bill(bill).id)) for _ in range(5)])
        (payment_id,) = desk.all_ids()
        _is_paid_once(desk, payment_id)


def test_two_sweeps_send_a_refund_once(committed: Sessions, now: datetime) -> None:
    """The timer fires while somebody runs the command by hand."""
    with office(Waterworks.open(committed, now), IMPATIENT) as desk:
        paid = desk.paid_bill()
        desk.refund(paid.id, BILL_FEN)
        at_once([desk.send_refunds, desk.sweep, desk.sweep])
        assert len(desk.fake.books.refunds) == 1
        assert desk.money(paid.id)["refund"] == 0


def _is_paid_once(desk: Office, payment_id: str) -> None:
    assert desk.see(payment_id).state == "succeeded"
    assert desk.fake.books.charged == {payment_id: 1}
    assert desk.money(payment_id)["utility"] == BILL_FEN
