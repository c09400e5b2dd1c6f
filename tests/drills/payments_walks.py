"""Random walks: residents, clerks, the provider, its reports, the sweep and power cuts in any order, each walk from its own seed."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select

from citizencard.billing.errors import BillingError
from citizencard.billing.models import Bill, BillPayment
from citizencard.billing.paying import pay_from_account
from citizencard.checkout import flow
from citizencard.checkout.errors import CheckoutError
from citizencard.checkout.orders import NewCheckout, PayBy
from citizencard.checkout.sweep import sweep
from citizencard.db import Sessions, reading, transaction
from citizencard.payments.models import OrderState
from ledger.errors import LedgerError
from tests.citizencard.checkout.make_checkout import BILL_FEN, PowerCut
from tests.drills.payments_books import balance_differences, judge, unfinished, wallet_fen
from tests.drills.payments_cells import PART_FEN, Bench, Cut, Mortal, Tried
from tests.stripe_fake.books import DECLINING, TO_PAGE, WORKING
from tests.stripe_fake.server import Ordered

FAULT_CHANCE: Final = 0.4
CUT_CHANCE: Final = 0.15
OLD_BILL_CHANCE: Final = 0.4
TOP_UPS_FEN: Final = (100, 6_000, 60_000)
"""Enough for a bill; and two of the largest have no room."""
LONGEST_PAUSE_MIN: Final = 25
SWEEPS: Final = 8
OPERATIONS: Final = ("create", "confirm", "cancel", "refund", "look")
METHODS: Final = (WORKING, WORKING, DECLINING, TO_PAGE)


@dataclass
class Walk:
    """One walk: bills and payments that it made, and what it did.

    Args:
        bench: where.
        chance: decides everything.
    """

    bench: Bench
    chance: random.Random
    bills: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def step(self) -> None:
        """Something happens; something may go wrong with it."""
        desk = self.bench.desk
        if self.chance.random() < FAULT_CHANCE:
            desk.fake.order(self.chance.choice(OPERATIONS), self.chance.choice(list(Ordered)))
        cut = Cut(self.chance.choice(("before", "after")), self.chance.randint(1, 3))
        sessions = Mortal(desk.sessions, cut if self.chance.random() < CUT_CHANCE else None)
        self.bench.reports_early = self.chance.random() < FAULT_CHANCE
        act = self.chance.choice(self._acts())
        self.told.append(act.__name__.strip("_"))
        try:
            act(sessions)
        except PowerCut:
            self.told.append("dies")
            self.bench.restart()
        except (CheckoutError, BillingError, LedgerError) as refusal:
            self.told.append(refusal.code)
        self.bench.reports_early = False
        if self.chance.random() < FAULT_CHANCE:
            self.bench.wait_for_the_provider()
            desk.later(minutes=self.chance.randint(0, LONGEST_PAUSE_MIN))

    def _acts(self) -> Sequence[Callable[[Sessions], object]]:
        first = [self._begin, self._begin]
        then = [self._confirm, self._confirm, self._cancel, self._refund, self._pay_in_app, self._report, self._sweep]
        return [*first, *then, self._confirm, self._refund, self._look, self._from_account] if self.begun else first

    def _begin(self, sessions: Sessions) -> None:
        desk = self.bench.desk
        works = desk.works
        if self.chance.random() < OLD_BILL_CHANCE and self.bills:
            wanted = NewCheckout("bill", self.chance.choice(self.bills), BILL_FEN, works.person_id)
        elif self.chance.random() < OLD_BILL_CHANCE:
            wanted = self.bench.wanted("bill")
            self.bills.append(wanted.subject_id)
        else:
            wanted = NewCheckout("top_up", works.account_id, self.chance.choice(TOP_UPS_FEN), works.person_id)
        known = set(desk.all_ids())
        try:
            flow.begin(sessions, desk.gateway, wanted, desk.now)
        finally:
            self.begun += [one for one in desk.all_ids() if one not in known]

    def _confirm(self, sessions: Sessions) -> None:
        desk = self.bench.desk
        flow.confirm(sessions, desk.gateway, self._one(), PayBy(self.chance.choice(METHODS)), desk.now)

    def _cancel(self, sessions: Sessions) -> None:
        flow.cancel(sessions, self.bench.desk.gateway, self._one(), self.bench.desk.now)

    def _refund(self, sessions: Sessions) -> None:
        desk = self.bench.desk
        payment_id = self._one()
        left_fen = desk.see(payment_id).amount_fen - desk.see(payment_id).refunded_fen
        desk.refund(payment_id, self.chance.choice((PART_FEN, left_fen)) or PART_FEN)
        flow.send_refunds(sessions, desk.gateway, desk.now)

    def _pay_in_app(self, _sessions: Sessions) -> None:
        """The resident pays in his own app, if it asks him; in the same app he may say no."""
        for content in self.bench.provider_payments(self._one()):
            if content["status"] == "requires_action":
                self.bench.paid_at_the_provider(content["metadata"]["reference"])

    def _report(self, _sessions: Sessions) -> None:
        bodies = self.bench.events(self._one())
        self.bench.report(self.chance.choices(bodies, k=self.chance.randint(1, 3)) if bodies else [])

    def _sweep(self, sessions: Sessions) -> None:
        sweep(sessions, self.bench.desk.gateway, self.bench.desk.now)

    def _look(self, sessions: Sessions) -> None:
        flow.refresh(sessions, self.bench.desk.gateway, self._one(), self.bench.desk.now)

    def _from_account(self, sessions: Sessions) -> None:
        works = self.bench.desk.works
        with transaction(sessions) as session:
            pay_from_account(session, self.chance.choice(self.bills or ["none"]), works.account_id, works.deed())

    def _one(self) -> str:
        return self.chance.choice(self.begun)


def try_walks(bench: Bench, seeds: Sequence[int], steps: int) -> Iterator[Tried]:
    """Walk from each seed; afterwards nothing goes wrong any more and the sweep runs every ten minutes, then once after an hour."""
    for seed in seeds:
        bench.desk.later(days=3)
        bench.new_account()
        yield _walk(Walk(bench, random.Random(seed)), seed, steps)


def _walk(walk: Walk, seed: int, steps: int) -> Tried:
    desk = walk.bench.desk
    for _ in range(steps):
        walk.step()
    desk.fake.faults.clear()
    found = _bring_to_an_end(walk)
    judged = [judge(desk, payment_id) for payment_id in walk.begun]
    found += [difference for one in judged for difference in one.differences] + balance_differences(desk)
    found += _wallet_differences(walk) + _bill_differences(walk)
    told = f"walk from seed {seed} ({', '.join(walk.told)})"
    return Tried(
        commits=0,
        charges=sum(one.charges for one in judged),
        refunds=sum(one.refunds for one in judged),
        differences=[f"{told}: {difference}" for difference in found],
        payments=len(judged),
    )


def _bring_to_an_end(walk: Walk) -> list[str]:
    desk = walk.bench.desk
    for number in range(SWEEPS):
        walk.bench.wait_for_the_provider()
        desk.later(minutes=10 if number < SWEEPS // 2 else 61)
        if desk.sweep().is_all_done and number > SWEEPS // 2:
            break
    with reading(desk.sessions) as session:
        return ["something has no end"] if any(unfinished(session, one) for one in walk.begun) else []


def _wallet_differences(walk: Walk) -> list[str]:
    """The account holds what was paid in, less what went back and what bills were paid from it."""
    desk = walk.bench.desk
    views = [desk.see(one) for one in walk.begun]
    ours = [view for view in views if view.purpose == "top_up" and view.state == OrderState.SUCCEEDED]
    with reading(desk.sessions) as session:
        paid = select(func.count()).select_from(BillPayment).where(BillPayment.bill_id.in_(walk.bills))
        paid = paid.where(BillPayment.way == "account")
        from_account_fen = BILL_FEN * (session.scalar(paid) or 0)
    wanted_fen = sum(view.amount_fen - view.refunded_fen for view in ours) - from_account_fen
    found_fen = wallet_fen(desk, desk.works.account_id)
    return [] if found_fen == wanted_fen else [f"the account holds {found_fen} fen, not {wanted_fen}"]


def _bill_differences(walk: Walk) -> list[str]:
    """No bill is paid twice: of all payments of a bill, at most one keeps its money."""
    desk = walk.bench.desk
    views = [desk.see(one) for one in walk.begun]
    kept = [
        view.subject_id
        for view in views
        if view.purpose == "bill" and view.state == OrderState.SUCCEEDED and view.refunded_fen < view.amount_fen
    ]
    with reading(desk.sessions) as session:
        paid = set(session.scalars(select(Bill.id).where(Bill.id.in_(walk.bills), Bill.paid_by.in_(walk.begun))))
    return [] if len(kept) == len(set(kept)) and set(kept) == paid else [f"bills paid {sorted(kept)}, not {paid}"]
