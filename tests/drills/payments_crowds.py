"""Everybody at once: eight clicks, the report with the answer and the sweep, two people who give the same money back."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from citizencard.checkout.errors import PaymentBusy, PaymentStateForbids, RefundTooLarge
from tests.citizencard.accounts.make_accounts import at_once
from tests.citizencard.checkout.make_checkout import BILL_FEN
from tests.drills.payments_books import balance_differences, judge
from tests.drills.payments_cells import SWEEP_EVERY_MIN, Bench, Tried
from tests.stripe_fake.books import TO_PAGE

CLICKS: Final = 8
COPIES: Final = 2


def try_crowds(bench: Bench, rounds: int) -> Iterator[Tried]:
    """So many rounds of each kind; a fifth of them of the slower kinds, one at least."""
    bench.desk.later(days=3)
    bench.new_account()
    few = max(1, rounds // 5)
    for number in range(few):
        yield _judged(bench, f"{CLICKS} clicks {number}", _eight_clicks(bench))
    for number in range(rounds):
        yield _judged(bench, f"report, click and sweep {number}", _everybody(bench, number))
    for number in range(few):
        yield _judged(bench, f"two refunds {number}", _two_refunds(bench))


def _eight_clicks(bench: Bench) -> str:
    """One resident, eight windows."""
    desk = bench.desk
    payment_id = desk.begin(bench.wanted("bill")).id
    at_once([_unless_busy(partial(desk.confirm, payment_id)) for _ in range(CLICKS)])
    return payment_id


def _everybody(bench: Bench, number: int) -> str:
    """The provider's report, the resident and the sweep in the same moment; of an app payment, or of the very answer."""
    desk = bench.desk
    payment_id = desk.begin(bench.wanted("top_up" if number % 3 == 0 else "bill")).id
    others: list[Callable[[], object]] = [_unless_busy(partial(desk.confirm, payment_id)), desk.sweep]
    if number % 2:
        desk.confirm(payment_id, TO_PAGE)
        bench.paid_at_the_provider(payment_id)
        body = bench.events(payment_id)[-1]
        at_once([*others, *[partial(bench.report, [body])] * COPIES, partial(desk.refresh, payment_id)])
    else:
        bench.reports_early = True
        at_once([*others, _unless_busy(partial(desk.confirm, payment_id))])
        bench.reports_early = False
    return payment_id


def _two_refunds(bench: Bench) -> str:
    """Two people agree to give the whole back, and so do two others: it goes back once."""
    desk = bench.desk
    payment_id = desk.begin(bench.wanted("bill")).id
    bench.surely_confirm(payment_id)
    at_once([_unless_busy(partial(desk.refund, payment_id, BILL_FEN)) for _ in range(COPIES)])
    at_once([desk.send_refunds, desk.send_refunds, desk.sweep])
    return payment_id


def _judged(bench: Bench, name: str, payment_id: str) -> Tried:
    bench.wait_for_the_provider()
    bench.desk.later(minutes=SWEEP_EVERY_MIN)
    bench.desk.sweep()
    judged = judge(bench.desk, payment_id)
    found = judged.differences + balance_differences(bench.desk)
    if judged.charges != 1 or judged.refunds > 1:
        found.append(f"{judged.charges} charges, {judged.refunds} refunds")
    return Tried(0, judged.charges, judged.refunds, [f"{name}: {what}" for what in found])


def _unless_busy(work: Callable[[], object]) -> Callable[[], object]:
    """Whoever comes second is told to wait, that it is done, or that nothing is left."""

    def told() -> object:
        try:
            return work()
        except (PaymentBusy, PaymentStateForbids, RefundTooLarge) as refusal:
            return refusal

    return told
