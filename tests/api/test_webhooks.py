"""Payments over HTTP: the provider's reports at the open door, and refunds by two people in two sessions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from api import create_app
from citizencard.checkout.settings import PaymentOptions
from citizencard.config import Settings
from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.payments.webhook import MAX_BODY_BYTES
from citizencard.staff.permissions import Role
from tests.api.doors import shared_doors
from tests.api.world import Clock, World, ok, problem
from tests.citizencard.billing.make_bills import Waterworks
from tests.citizencard.checkout.make_checkout import BILL_FEN, SECRETS, Office, office
from tests.citizencard.staff.make_staff import CHEAP
from tests.stripe_fake.books import TO_PAGE
from tests.stripe_fake.server import Ordered
from tests.stripe_fake.webhooks import deliver


@dataclass
class Shop:
    """An application with a payment provider behind it."""

    desk: Office
    world: World

    def deliver(self, body: bytes, secret: str = SECRETS[0].text) -> TestResponse:
        """The provider calls."""
        sent = deliver(body, int(self.world.clock.instant.timestamp()), secret)
        headers = {"Stripe-Signature": sent.signature, "Content-Type": "application/json"}
        return self.world.app.test_client().post("/webhooks/stripe", data=sent.body, headers=headers)


@pytest.fixture
def shop(sessions: Sessions, now: datetime, api_vault: SoftwareVault, tmp_path: Path) -> Iterator[Shop]:
    """A shop that leaves no trace."""
    with office(Waterworks.open(sessions, now)) as desk:
        settings = Settings("sqlite:///unused", tmp_path / "vault", tmp_path / "passphrase", "test")
        clock = Clock(now)
        options = PaymentOptions(webhook_secrets=tuple(SECRETS))
        app = create_app(
            settings,
            api_vault,
            sessions,
            now=clock,
            passwords=CHEAP,
            gateway=desk.gateway,
            payment_options=options,
            doors=shared_doors,
        )
        yield Shop(desk, World(app, sessions, api_vault, clock))


def test_a_report_comes_in(shop: Shop) -> None:
    """A payment in the resident's app is reported, twice: 200 each time, booked once."""
    begun = shop.desk.begin_bill()
    shop.desk.confirm(begun.id, TO_PAGE)
    shop.desk.fake.books.receive(shop.desk.provider(begun.id)["id"])
    event = shop.desk.event("payment_intent.succeeded", shop.desk.provider(begun.id))
    answers = [shop.deliver(event), shop.deliver(event)]
    assert [ok(answer)["outcome"] for answer in answers] == ["booked", "duplicate"]
    assert shop.desk.money(begun.id)["utility"] == BILL_FEN


def test_a_forged_report_is_refused(shop: Shop) -> None:
    """A stranger's report: 400, and nothing is kept; so is one without a signature, and one that is too long."""
    event = shop.desk.event("payment_intent.succeeded", {"id": "pi_1", "object": "payout"})
    problem(shop.deliver(event, "whsec_other"), 400, "webhook_forged")
    client = shop.world.app.test_client()
    assert client.post("/webhooks/stripe", data=event).status_code == 400
    assert client.post("/webhooks/stripe", data=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413


def test_a_report_that_cannot_be_finished_is_acknowledged(shop: Shop) -> None:
    """It is safe in the inbox, so the provider need not send it again."""
    begun = shop.desk.begin_bill()
    shop.desk.confirm(begun.id, TO_PAGE)
    shop.desk.fake.order("look", Ordered.RESET_BEFORE)
    assert ok(shop.deliver(shop.desk.event("payment_intent.requires_action", shop.desk.provider(begun.id))))


def test_without_a_provider_nothing_is_taken(world: World) -> None:
    """A city without on-line payment says so."""
    problem(world.anybody().post("/webhooks/stripe", {}), 503, "online_payment_unavailable")


def test_a_refund_is_proposed_by_one_and_approved_by_another(shop: Shop) -> None:
    """The clerk proposes, cannot approve; the supervisor approves, and the money leaves at once."""
    paid = shop.desk.paid_bill()
    clerk, supervisor = shop.world.as_(Role.CLERK), shop.world.as_(Role.SUPERVISOR)
    path = f"/v1/payments/{paid.id}/refunds"
    problem(clerk.post(path, {"amount_fen": BILL_FEN + 1, "reason": "too much"}), 409, "refund_too_large")
    proposed = ok(clerk.post(path, {"amount_fen": BILL_FEN, "reason": "paid twice"}))
    assert (proposed["act"], proposed["payload"]["amount_fen"]) == ("payment.refund", BILL_FEN)
    decisions = f"/v1/approvals/{proposed['id']}/decisions"
    problem(clerk.post(decisions, {"decision": "approve"}), 403, "permission_denied")
    own = ok(supervisor.post(path, {"amount_fen": 1, "reason": "mine"}))
    problem(supervisor.post(f"/v1/approvals/{own['id']}/decisions", {"decision": "approve"}), 403, "four_eyes_needed")
    assert shop.desk.fake.books.refunds == {}
    decided = supervisor.post(decisions, {"decision": "approve"}, Idempotency_Key="approve-1")
    assert ok(decided)["state"] == "executed"
    assert ok(supervisor.post(decisions, {"decision": "approve"}, Idempotency_Key="approve-1")) == ok(decided)
    seen = ok(clerk.get(f"/v1/payments/{paid.id}"))
    assert (seen["refunded_fen"], seen["refunds"][0]["state"]) == (BILL_FEN, "succeeded")
    assert shop.desk.money(paid.id)["stripe"] == 0
    assert len(shop.desk.fake.books.refunds) == 1


def test_a_refund_without_an_answer_is_left_for_the_sweep(shop: Shop) -> None:
    """The provider is silent when the supervisor approves: the approval stands, and the sweep sends it."""
    paid = shop.desk.paid_bill()
    proposed = ok(
        shop.world.as_(Role.CLERK).post(f"/v1/payments/{paid.id}/refunds", {"amount_fen": 1_000, "reason": "goodwill"})
    )
    shop.desk.fake.order("refund", Ordered.RESET_BEFORE)
    decisions = f"/v1/approvals/{proposed['id']}/decisions"
    assert ok(shop.world.as_(Role.SUPERVISOR).post(decisions, {"decision": "approve"}))["state"] == "executed"
    assert shop.desk.see(paid.id).refunds[0].state == "sent"
    assert shop.desk.sweep().is_all_done
    assert shop.desk.money(paid.id)["stripe"] == BILL_FEN - 1_000


def test_findings_about_payments_are_listed(shop: Shop) -> None:
    """The auditor sees what nobody asked for."""
    made = shop.desk.fake.books.create({"amount": "700", "currency": "cny"})
    shop.desk.fake.books.receive(made["id"])
    shop.world.clock.advance(timedelta(minutes=1))
    ok(shop.deliver(shop.desk.event("payment_intent.succeeded", made)))
    (finding,) = ok(shop.world.as_(Role.AUDITOR).get("/v1/payment-findings"))["data"]
    assert (finding["kind"], finding["provider_object"]) == ("charge_not_ours", made["id"])
