"""A city that takes payments through the stand-in of Stripe, over real HTTP: bills, accounts, events, and what all of them hold."""

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from citizencard import chart
from citizencard.approvals.decisions import approve
from citizencard.audit import Actor
from citizencard.checkout import flow
from citizencard.checkout.orders import NewCheckout, PayBy
from citizencard.checkout.refunds import propose_refund, refund_as_approved
from citizencard.checkout.sweep import SweepReport, sweep
from citizencard.checkout.views import PaymentView, payment_view
from citizencard.checkout.webhooks import Delivery, WebhookReceived, receive
from citizencard.db import Sessions, reading, transaction
from citizencard.payments.models import FindingKind, PaymentAttempt, PaymentFinding, PaymentOrder, RefundOrder
from citizencard.payments.stripe import StripeGateway
from citizencard.payments.stripe_settings import StripeSettings
from citizencard.payments.stripe_transport import Patience, StripeTransport
from citizencard.payments.webhook import WebhookSecret
from ledger import balances, existing, prove
from tests.citizencard.billing.make_bills import Waterworks
from tests.stripe_fake import webhooks
from tests.stripe_fake.books import WORKING
from tests.stripe_fake.server import KEY, Ordered, StripeFake, running_fake

BILL_FEN = 4_950
MAKER = Actor("staff", "stf_clerk", "P-0001", "clerk")
CHECKER = Actor("staff", "stf_supervisor", "P-0002", "supervisor")
SECRETS = [WebhookSecret(webhooks.SECRET)]
IMPATIENT = Patience(attempts=1, read_s=0.2, wait=lambda pause_s: time.sleep(pause_s / 100))
"""One attempt a call: what a fault leaves behind is seen at once, and not mended inside the client."""


class PowerCut(Exception):
    """The process dies here."""


@dataclass
class Office:
    """Where payments are made.

    Args:
        works: utility, people, accounts.
        fake: the stand-in.
        gateway: the product's own client to it.
        now: of the test; moved by `later`.
    """

    works: Waterworks
    fake: StripeFake
    gateway: StripeGateway
    now: datetime
    events: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def sessions(self) -> Sessions:
        return self.works.sessions

    def later(self, **passed: float) -> None:
        """Time passes, here and at the provider."""
        self.now += timedelta(**passed)
        self.fake.books.now_s = int(self.now.timestamp())

    def begin_bill(self, bill_id: str | None = None, **more: Any) -> PaymentView:
        """The householder begins to pay 49.50 for water."""
        chosen = bill_id or self.works.bill()
        return self.begin(NewCheckout("bill", chosen, BILL_FEN, self.works.person_id, **more))

    def begin_top_up(self, amount_fen: int = 3_000, **more: Any) -> PaymentView:
        """The householder begins to pay money in."""
        return self.begin(NewCheckout("top_up", self.works.account_id, amount_fen, self.works.person_id, **more))

    def begin(self, wanted: NewCheckout) -> PaymentView:
        return flow.begin(self.sessions, self.gateway, wanted, self.now)

    def confirm(self, payment_id: str, method: str | None = WORKING, **more: Any) -> PaymentView:
        return flow.confirm(self.sessions, self.gateway, payment_id, PayBy(method, **more), self.now)

    def cancel(self, payment_id: str) -> PaymentView:
        return flow.cancel(self.sessions, self.gateway, payment_id, self.now)

    def refresh(self, payment_id: str) -> PaymentView:
        return flow.refresh(self.sessions, self.gateway, payment_id, self.now)

    def sweep(self) -> SweepReport:
        return sweep(self.sessions, self.gateway, self.now)

    def see(self, payment_id: str) -> PaymentView:
        with reading(self.sessions) as session:
            return payment_view(session, payment_id)

    def paid_bill(self, **more: Any) -> PaymentView:
        """A bill that was paid."""
        return self.confirm(self.begin_bill(**more).id)

    def refund(self, payment_id: str, amount_fen: int) -> RefundOrder:
        """Two people agree to give money back; it is not sent yet."""
        with transaction(self.sessions) as session:
            proposed = propose_refund(session, payment_id, amount_fen, "paid twice", MAKER, self.now).id
        with transaction(self.sessions) as session:
            return refund_as_approved(session, approve(session, proposed, CHECKER, self.now), CHECKER, self.now)

    def send_refunds(self) -> flow.RefundsSent:
        return flow.send_refunds(self.sessions, self.gateway, self.now)

    def event(self, kind: str, content: dict[str, Any]) -> bytes:
        """A new event of the stand-in about one of its objects, as it is now."""
        return webhooks.event_body(next(self.events), kind, content, int(self.now.timestamp()))

    def report(self, body: bytes, secret: str = webhooks.SECRET) -> WebhookReceived:
        """The stand-in delivers an event."""
        sent = webhooks.deliver(body, int(self.now.timestamp()), secret)
        delivery = Delivery(sent.body, sent.signature)
        return receive(self.sessions, self.gateway, delivery, SECRETS, self.now)

    def provider(self, payment_id: str) -> dict[str, Any]:
        """The stand-in's object for a payment of ours."""
        return next(p for p in self.fake.books.payments.values() if p["metadata"].get("reference") == payment_id)

    def order(self, payment_id: str) -> PaymentOrder:
        with reading(self.sessions) as session:
            found = session.get_one(PaymentOrder, payment_id)
            session.expunge_all()
        return found

    def all_ids(self) -> list[str]:
        """Ids of all payments."""
        with reading(self.sessions) as session:
            return list(session.scalars(select(PaymentOrder.id).order_by(PaymentOrder.created_at)))

    def attempts(self, payment_id: str) -> list[PaymentAttempt]:
        """All tries of a payment, in order."""
        chosen = select(PaymentAttempt).where(PaymentAttempt.payment_id == payment_id).order_by(PaymentAttempt.id)
        with reading(self.sessions) as session:
            found = list(session.scalars(chosen))
            session.expunge_all()
        return found

    def findings(self) -> list[str]:
        """Kinds of all findings, in order."""
        with reading(self.sessions) as session:
            return [
                FindingKind(kind) for kind in session.scalars(select(PaymentFinding.kind).order_by(PaymentFinding.id))
            ]

    def money(self, payment_id: str = "") -> dict[str, int]:
        """What accounts hold, in fen. The books must prove, and hold at Stripe what the stand-in says is there."""
        codes = {
            "wallet": chart.wallet(self.works.account_id),
            "utility": chart.clearing(self.works.merchant_id),
            "refund": chart.refund(payment_id or "none"),
            "suspense": chart.SUSPENSE_BANK,
            "stripe": chart.STRIPE,
        }
        with reading(self.sessions) as session:
            found = balances(session, sorted(existing(session, list(codes.values()))))
            assert prove(session).proved
        held = {name: found[code].balance_fen if code in found else 0 for name, code in codes.items()}
        assert held["stripe"] == self.fake.books.held_fen()
        return held


@contextmanager
def office(works: Waterworks, patience: Patience = IMPATIENT) -> Iterator[Office]:
    """An office with a stand-in of its own, whose clock is ours."""
    with running_fake() as fake:
        fake.books.now_s = int(works.now.timestamp())
        gateway = StripeGateway(StripeTransport(StripeSettings(KEY, fake.address), patience))
        yield Office(works, fake, gateway, works.now)


NO_ANSWER = (Ordered.RESET_AFTER, Ordered.SILENCE_AFTER, Ordered.ERROR_AFTER)
"""Faults after which the money has moved and nobody was told."""
