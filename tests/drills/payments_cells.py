"""Cells of the drill of payments: one payment each, one fault, one operation, one way of reporting, and the power cut at one commit.

The process dies before or after one of the commits of the operation: what was in memory is gone, connections with it, and a new one
goes on. Sweeps run every five minutes of the city's clock. What the operation was to do must be decided within fifteen.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.orm import Session, sessionmaker

from citizencard.accounts.registry import open_account
from citizencard.cards.states import Deed
from citizencard.checkout import flow
from citizencard.checkout.attempts import UNKNOWN
from citizencard.checkout.errors import PaymentBusy, PaymentStateForbids
from citizencard.checkout.orders import NewCheckout, PayBy
from citizencard.checkout.webhooks import Delivery, receive
from citizencard.db import Sessions, make_sessions, reading, transaction
from citizencard.payments.errors import WebhookForged, WebhookOutOfTime
from citizencard.payments.models import FINAL, OrderState
from citizencard.payments.stripe import StripeGateway
from citizencard.payments.stripe_settings import StripeSettings
from citizencard.payments.stripe_transport import StripeTransport
from tests.citizencard.cards.make_cards import CLERK, bare_person
from tests.citizencard.checkout.make_checkout import BILL_FEN, IMPATIENT, SECRETS, Office, PowerCut
from tests.drills.payments_books import Auditor, balance_differences, findings, judge, unfinished, wallet_fen
from tests.stripe_fake import webhooks
from tests.stripe_fake.books import TO_PAGE, WORKING
from tests.stripe_fake.server import KEY, Ordered, Reply

ACTS: Final = ("create", "confirm", "refund", "cancel")
PURPOSES: Final = ("bill", "top_up")
NEWS: Final = ("absent", "before", "after", "five times", "reordered", "forged", "ten minutes old")
TOP_UP_FEN: Final = 100
PART_FEN: Final = 40
SWEEP_EVERY_MIN: Final = 5
DECIDED_WITHIN_MIN: Final = 15
BUSY_S: Final = 5.0
POLL_S: Final = 0.005
SILENCE_S: Final = 0.25
"""Longer than our client reads, and no longer than it must be."""
LATE_S: Final = 600
TIMES: Final = 5


@dataclass(frozen=True, slots=True)
class Cut:
    """The power fails before or after the n-th commit of the operation."""

    moment: str
    number: int


@dataclass(frozen=True, slots=True)
class Cell:
    """What is tried: `odd` takes the longer way (the resident's wallet page, a part of the money, paid while it is cancelled)."""

    fault: Ordered
    act: str
    purpose: str
    news: str
    cut: Cut | None
    odd: bool

    def __str__(self) -> str:
        cut = "" if self.cut is None else f", cut {self.cut.moment} commit {self.cut.number}"
        return f"{self.fault.value} at {self.act} of a {self.purpose}, reports {self.news}{cut}{', odd' * self.odd}"


class Mortal(sessionmaker[Session]):
    """Sessions of a process that dies at one commit, and counts all of them."""

    def __init__(self, sessions: Sessions, cut: Cut | None) -> None:
        super().__init__(**sessions.kw)
        self.cut = cut
        self.commits = 0

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction; the power may fail before or after its commit."""
        with super().begin() as session:
            yield session
            self.commits += 1
            if self.cut == Cut("before", self.commits):
                raise PowerCut
        if self.cut == Cut("after", self.commits):
            raise PowerCut


@dataclass
class Bench:
    """Where cells are tried, one after the other.

    Args:
        desk: office with its stand-in.
        auditor: looks at every request.
        longest_min: the longest that anything stayed undecided, by the city's clock.
        numbers: of bills.
    """

    desk: Office
    auditor: Auditor
    longest_min: int = 0
    reports: int = 0
    kills: int = 0
    payments: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    reports_early: bool = False

    @classmethod
    def open(cls, desk: Office) -> "Bench":
        """Begin to look at requests."""
        bench = cls(desk, Auditor(desk))
        desk.fake.silence_s = SILENCE_S
        desk.fake.arriving = bench.auditor.arriving
        desk.fake.answering = bench.answering
        return bench

    def answering(self, operation: str, reply: Reply) -> None:
        """The provider has done something; its report may be here before its answer."""
        happened = self.auditor.remember(operation, reply)
        if self.reports_early and happened is not None:
            self.report([self.event(*happened)])

    def wait_for_the_provider(self) -> None:
        """Minutes pass on the city's clock: what the provider was still busy with is over by then."""
        give_up_at = time.monotonic() + BUSY_S
        while self.desk.fake.running and time.monotonic() < give_up_at:
            time.sleep(POLL_S)

    def settle(self, payment_id: str) -> int | None:
        """Sweep every five minutes until it is known how everything about a payment ended.

        Returns:
            After how many minutes it was; None if it was not within fifteen.
        """
        for minutes in range(SWEEP_EVERY_MIN, DECIDED_WITHIN_MIN + 1, SWEEP_EVERY_MIN):
            self.wait_for_the_provider()
            self.desk.later(minutes=SWEEP_EVERY_MIN)
            self.desk.sweep()
            with reading(self.desk.sessions) as session:
                if not unfinished(session, payment_id):
                    return minutes
        return None

    def surely_confirm(self, payment_id: str, method: str = WORKING) -> None:
        """Confirm with nothing ordered to go wrong; on a busy machine an answer can be late all the same."""
        view = self.desk.confirm(payment_id, method)
        if view.problem == UNKNOWN:
            self.settle(payment_id)

    def restart(self) -> None:
        """A new process: nothing of the old one is left but the database."""
        engine = self.desk.sessions.kw["bind"]
        engine.dispose()
        self.desk.works = replace(self.desk.works, sessions=make_sessions(engine))
        self.desk.gateway = StripeGateway(StripeTransport(StripeSettings(KEY, self.desk.fake.address), IMPATIENT))
        self.kills += 1

    def new_account(self) -> None:
        """Somebody new pays: nobody's account is full."""
        desk = self.desk
        with transaction(desk.sessions) as session:
            person = bare_person(session, desk.now)
            account = open_account(session, person, Deed(CLERK, desk.now)).id
        desk.works = replace(desk.works, person_id=person, account_id=account, now=desk.now)

    def wanted(self, purpose: str) -> NewCheckout:
        """A new bill, or one yuan more in the account."""
        works = self.desk.works
        if purpose == "bill":
            return NewCheckout("bill", works.bill(f"D{next(self.numbers)}"), BILL_FEN, works.person_id)
        return NewCheckout("top_up", works.account_id, TOP_UP_FEN, works.person_id)

    def events(self, payment_id: str) -> list[bytes]:
        """All that the provider has to report about a payment, in order."""
        name = next((p["id"] for p in self.provider_payments(payment_id)), "")
        return [self.event(*one) for one in self.auditor.history.get(name, [])]

    def event(self, kind: str, content: dict[str, Any]) -> bytes:
        return self.desk.event(kind, content)

    def report(self, bodies: list[bytes]) -> None:
        """Deliver events as they are."""
        for body in bodies:
            self.desk.report(body)
            self.reports += 1

    def paid_at_the_provider(self, payment_id: str) -> None:
        """The resident pays in his own app; the provider has something to report."""
        for content in self.provider_payments(payment_id):
            received = dict(self.desk.fake.books.receive(content["id"]))
            self.auditor.history.setdefault(content["id"], []).append(("payment_intent.succeeded", received))

    def provider_payments(self, payment_id: str) -> list[dict[str, Any]]:
        """What the provider holds under our name; one at most, if all is well."""
        return [p for p in self.desk.fake.books.payments.values() if p["metadata"].get("reference") == payment_id]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a cell, and how many commits its operation made."""

    commits: int
    charges: int
    refunds: int
    differences: list[str]
    payments: int = 1


def try_cell(bench: Bench, cell: Cell) -> Tried:
    """Play one cell from the beginning to the end of its payment, and hold it against the provider's books."""
    desk = bench.desk
    before_fen = wallet_fen(desk, desk.works.account_id)
    asked_before = findings(desk)
    wanted = bench.wanted(cell.purpose)
    known = set() if cell.act == "create" else {_prepare(bench, cell, wanted)}
    mortal = Mortal(desk.sessions, cell.cut)
    works = desk.works
    bench.reports_early = cell.news == "before"
    desk.fake.order(cell.act, cell.fault)
    died = _operate(bench, cell, wanted, mortal, known)
    bench.reports_early = False
    assert desk.works is works
    if died:
        bench.restart()
    payment_id = next(iter(known), "") or _newest(bench, wanted)
    differences = _tell(bench, cell, payment_id)
    if not died:
        _click_again(bench, cell, wanted, payment_id)
    differences += _recover(bench, payment_id)
    _finish(bench, cell, payment_id)
    bench.payments.append(payment_id)
    judged = judge(desk, payment_id)
    differences += judged.differences + balance_differences(desk)
    differences += [f"a finding {kind}" for kind in findings(desk) - asked_before]
    differences += _wallet_differences(bench, cell, payment_id, before_fen)
    return Tried(mortal.commits, judged.charges, judged.refunds, [f"{cell}: {found}" for found in differences])


def _prepare(bench: Bench, cell: Cell, wanted: NewCheckout) -> str:
    """Bring a payment to where the operation begins, with nothing going wrong."""
    desk = bench.desk
    begun = desk.begin(wanted)
    payment_id = begun.id
    if begun.problem == UNKNOWN:
        bench.settle(payment_id)
    if cell.act == "refund":
        bench.surely_confirm(payment_id)
        whole_fen = BILL_FEN if cell.purpose == "bill" else TOP_UP_FEN
        desk.refund(payment_id, PART_FEN if cell.odd else whole_fen)
    elif cell.act == "cancel" and cell.odd:
        bench.surely_confirm(payment_id, TO_PAGE)
        bench.paid_at_the_provider(payment_id)
    return payment_id


def _operate(bench: Bench, cell: Cell, wanted: NewCheckout, mortal: Mortal, known: set[str]) -> bool:
    """Do what the cell is about; whether the process died of it."""
    desk = bench.desk
    method = PayBy(TO_PAGE if cell.odd else WORKING)
    acts: dict[str, Callable[[], object]] = {
        "create": lambda: known.add(flow.begin(mortal, desk.gateway, wanted, desk.now).id),
        "confirm": lambda: flow.confirm(mortal, desk.gateway, next(iter(known)), method, desk.now),
        "cancel": lambda: flow.cancel(mortal, desk.gateway, next(iter(known)), desk.now),
        "refund": lambda: flow.send_refunds(mortal, desk.gateway, desk.now),
    }
    try:
        acts[cell.act]()
    except PowerCut:
        return True
    return False


def _newest(bench: Bench, wanted: NewCheckout) -> str:
    """The payment of which the process knew nothing any more."""
    desk = bench.desk
    return next(
        order.id
        for order in map(desk.order, reversed(desk.all_ids()))
        if order.subject_id == wanted.subject_id and order.id not in bench.payments[-1:]
    )


def _tell(bench: Bench, cell: Cell, payment_id: str) -> list[str]:
    """The provider reports, as the cell says."""
    events = bench.events(payment_id)
    match cell.news:
        case "after":
            bench.report(events)
        case "five times":
            bench.report(events * TIMES + bench.events(payment_id))
        case "reordered":
            bench.report(events[::-1])
        case "forged":
            return _refused(bench, events[-1:] + _lies(bench, payment_id), "whsec_stranger", WebhookForged, 0)
        case "ten minutes old":
            return _refused(bench, events[-1:], webhooks.SECRET, WebhookOutOfTime, LATE_S)
    return []


def _lies(bench: Bench, payment_id: str) -> list[bytes]:
    """A stranger says that it was paid."""
    return [
        bench.event("payment_intent.succeeded", {**p, "status": "succeeded", "amount_received": p["amount"]})
        for p in bench.desk.fake.books.payments.values()
        if p["metadata"].get("reference") == payment_id
    ]


def _refused(bench: Bench, bodies: list[bytes], secret: str, why: type[Exception], late_s: int) -> list[str]:
    desk = bench.desk
    differences = []
    for body in bodies:
        sent = webhooks.deliver(body, int(desk.now.timestamp()) - late_s, secret)
        bench.reports += 1
        try:
            receive(desk.sessions, desk.gateway, Delivery(sent.body, sent.signature), SECRETS, desk.now)
        except why:
            continue
        differences.append(f"a report was believed that should be {why.__name__}")
    return differences


def _click_again(bench: Bench, cell: Cell, wanted: NewCheckout, payment_id: str) -> None:
    """The resident sees nothing happen and clicks once more; the server may tell him to wait."""
    desk = bench.desk
    try:
        if cell.act == "create" and cell.purpose == "bill":
            desk.begin(wanted)
        elif cell.act == "confirm":
            desk.confirm(payment_id, TO_PAGE if cell.odd else WORKING)
        elif cell.act == "cancel":
            desk.cancel(payment_id)
        elif cell.act == "refund":
            desk.send_refunds()
    except (PaymentBusy, PaymentStateForbids):
        return


def _recover(bench: Bench, payment_id: str) -> list[str]:
    """The sweep runs every five minutes, until it is known how everything ended; what is late comes now."""
    minutes = bench.settle(payment_id)
    if minutes is None:
        return [f"not decided {DECIDED_WITHIN_MIN} minutes after recovery"]
    bench.longest_min = max(bench.longest_min, minutes)
    bench.desk.fake.faults.clear()
    return []


def _finish(bench: Bench, cell: Cell, payment_id: str) -> None:
    """The payment goes on from where it is to its end: paid, given up, or left alone until the sweep gives it up."""
    desk = bench.desk
    if desk.see(payment_id).state == OrderState.ACTION:
        bench.paid_at_the_provider(payment_id)
        if cell.news not in ("absent", "forged"):
            bench.report(bench.events(payment_id)[-1:])
        desk.later(minutes=SWEEP_EVERY_MIN)
        desk.sweep()
    if desk.see(payment_id).state == OrderState.WAITING:
        if cell.act == "cancel":
            desk.cancel(payment_id)
            bench.settle(payment_id)
        elif cell.act == "create" and cell.odd:
            desk.later(hours=1)
            desk.sweep()
        else:
            bench.surely_confirm(payment_id)
    if cell.news == "ten minutes old":
        bench.report(bench.events(payment_id))
    if desk.see(payment_id).state not in FINAL:
        bench.settle(payment_id)


def _wallet_differences(bench: Bench, cell: Cell, payment_id: str, before_fen: int) -> list[str]:
    desk = bench.desk
    view = desk.see(payment_id)
    paid_fen = view.amount_fen if view.state == OrderState.SUCCEEDED and cell.purpose == "top_up" else 0
    back_fen = view.refunded_fen if cell.purpose == "top_up" else 0
    grown_fen = wallet_fen(desk, desk.works.account_id) - before_fen
    return [] if grown_fen == paid_fen - back_fen else [f"the account grew by {grown_fen} fen"]
