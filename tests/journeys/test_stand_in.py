"""Payments against localstripe, the stand-in of the demo, in a process of its own: what a second provider says of our client.

It takes a form and documented parameters only, refuses a list by time, keeps no idempotency keys and would give back more than it got.
So a lost answer of a *refund* is not tried here: without keys nobody could tell whether it was carried out.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from citizencard import chart
from citizencard.checkout.errors import PaymentBusy, RefundTooLarge
from citizencard.checkout.intake import Outcome
from citizencard.checkout.webhooks import Delivery, receive
from citizencard.db import Sessions, reading
from citizencard.errors import CitizencardError
from citizencard.payments.stripe import StripeGateway
from citizencard.payments.stripe_settings import StripeSettings
from citizencard.payments.stripe_transport import Answer, Parameters, Patience, StripeTransport
from citizencard.payments.webhook import WebhookSecret
from demo.folder import Folder
from demo.provider import Provider
from ledger import balances, prove
from tests.citizencard.billing.make_bills import Waterworks
from tests.citizencard.checkout.make_checkout import BILL_FEN, Office
from tests.stripe_fake.server import StripeFake

PAYS = "pm_card_visa"
DECLINES = "pm_card_chargeCustomerFail"
TOP_UP_FEN = 3_000
PART_FEN = 1_000
DELIVERED_WITHIN_S = 15
POLL_S = 0.02


class Lossy(StripeTransport):
    """The line that loses the answers to what it is told to lose; the request has arrived."""

    losing: str | None = None
    posts = 0

    def post(self, path: str, parameters: Parameters, key: str) -> Answer:
        """Send, and perhaps hear nothing."""
        self.posts += 1
        answer = super().post(path, parameters, key)
        return Answer(0) if self.losing is not None and path.endswith(self.losing) else answer


@dataclass
class Endpoint:
    """Where the stand-in reports to; keeps what arrives, and hands it on to the city of the present test."""

    came: int = 0
    deliveries: list[Delivery] = field(default_factory=list)
    outcomes: list[Outcome | str] = field(default_factory=list)
    take: Callable[[Delivery], Outcome] | None = None

    def arrived(self, delivery: Delivery) -> int:
        """Act on a report; the status that the provider is told."""
        self.deliveries.append(delivery)
        if self.take is None:
            return 200
        try:
            self.outcomes.append(self.take(delivery))
        except CitizencardError as refusal:
            self.outcomes.append(refusal.code)
            return 400
        return 200

    def wait(self, count: int) -> None:
        """Wait for so many reports to this city; the stand-in sends each a second late."""
        _wait_until(lambda: len(self.outcomes) >= count)

    def wait_for_all(self, count: int) -> None:
        """Wait until so many have come since the stand-in was started: none of them reaches the next city."""
        _wait_until(lambda: self.came >= count)


def _wait_until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + DELIVERED_WITHIN_S
    while not is_so():
        assert time.monotonic() < give_up_at, "a report did not come"
        time.sleep(POLL_S)


class Handler(BaseHTTPRequestHandler):
    """Reads a report."""

    endpoint: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.endpoint.arrived(Delivery(body, self.headers.get("Stripe-Signature")))
        self.endpoint.came += 1
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the library's own name
        """Say nothing."""


@dataclass
class Counter:
    """A city that pays through the stand-in, on the clock of the wall."""

    office: Office
    provider: Provider
    endpoint: Endpoint
    line: Lossy

    def at_the_provider(self, payment_id: str) -> list[dict[str, Any]]:
        """What the stand-in holds under our name."""
        found: list[dict[str, Any]] = self._get("/v1/payment_intents?limit=100")["data"]
        return [one for one in found if one["metadata"].get("reference") == payment_id]

    def reported(self) -> int:
        """How many reports the stand-in sends about all that happened there."""
        found: list[dict[str, Any]] = self._get("/v1/payment_intents?limit=100")["data"]
        return sum(one["status"] == "succeeded" or one["last_payment_error"] is not None for one in found)

    def refunds_fen(self, payment_id: str) -> list[int]:
        """What it gave back of a payment."""
        (payment,) = self.at_the_provider(payment_id)
        found: list[dict[str, Any]] = self._get(f"/v1/refunds?payment_intent={payment['id']}&limit=100")["data"]
        return [one["amount"] for one in found]

    def held_fen(self) -> int:
        """What our books say that the provider holds; they prove."""
        with reading(self.office.sessions) as session:
            assert prove(session).proved
            return balances(session, [chart.STRIPE])[chart.STRIPE].balance_fen

    def _get(self, target: str) -> Any:
        answer = requests.get(self.provider.address + target, auth=(self.provider.key, ""), timeout=10)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[Endpoint, int]]:
    """A door for reports on a free port."""
    kept = Endpoint()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"endpoint": kept}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield kept, server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def provider(endpoint: tuple[Endpoint, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The stand-in's process, started as the demo starts it."""
    folder = Folder.for_database(None, tmp_path_factory.mktemp("stand-in"))
    with Provider(folder, f"http://127.0.0.1:{endpoint[1]}") as running:
        yield running


@pytest.fixture
def counter(committed: Sessions, provider: Provider, endpoint: tuple[Endpoint, int]) -> Iterator[Counter]:
    """A new city."""
    now = datetime.now(UTC)
    line = Lossy(StripeSettings(provider.key, provider.address), Patience(attempts=1, read_s=5.0))
    office = Office(Waterworks.open(committed, now), StripeFake(), StripeGateway(line), now)
    door = endpoint[0]
    door.deliveries.clear()
    door.outcomes.clear()

    def take(delivery: Delivery) -> Outcome:
        secrets = [WebhookSecret(provider.webhook_secret)]
        return receive(office.sessions, office.gateway, delivery, secrets, datetime.now(UTC)).outcome

    door.take = take
    made = Counter(office, provider, door, line)
    yield made
    door.wait_for_all(made.reported())
    door.take = None


def test_a_bill_is_paid_and_reported_again_and_again(counter: Counter) -> None:
    """49.50 for water: paid once, whether the answer or the report comes first, and however often the report comes."""
    office, door = counter.office, counter.endpoint
    begun = office.begin_bill(method=PAYS)
    paid = office.confirm(begun.id, PAYS)
    assert (paid.state, paid.receipt_token is not None) == ("succeeded", True)
    door.wait(1)
    assert [door.arrived(door.deliveries[0]) for _ in range(3)] == [200, 200, 200]
    assert door.outcomes == [Outcome.DUPLICATE] * 4
    forged = replace(door.deliveries[0], body=door.deliveries[0].body + b" ")
    assert door.arrived(forged) == 400
    assert door.outcomes[-1] == "webhook_forged"
    assert [one["status"] for one in counter.at_the_provider(paid.id)] == ["succeeded"]
    assert (counter.held_fen(), office.works.found().paid_by) == (BILL_FEN, paid.id)


def test_a_top_up_whose_answer_is_lost_is_booked_by_its_report(counter: Counter) -> None:
    """The line broke after the card was charged: the report, the look and the sweep agree on one charge."""
    office = counter.office
    begun = office.begin_top_up(TOP_UP_FEN, method=PAYS)
    counter.line.losing = "/confirm"
    seen = office.confirm(begun.id, PAYS)
    counter.line.losing = None
    assert seen.state == "succeeded"
    counter.endpoint.wait(1)
    assert office.sweep().is_all_done
    assert [one["status"] for one in counter.at_the_provider(begun.id)] == ["succeeded"]
    assert counter.held_fen() == TOP_UP_FEN


def test_a_declined_card_pays_nothing_and_another_one_does(counter: Counter) -> None:
    """A card that is refused says so; the bill can be paid with another one, in a payment of its own."""
    office = counter.office
    declined = office.confirm(office.begin_bill(method=DECLINES).id, DECLINES)
    assert (declined.state, declined.problem) == ("waiting", "card_declined")
    counter.endpoint.wait(1)
    paid = office.confirm(office.begin_bill(declined.subject_id, method=PAYS).id, PAYS)
    assert paid.state == "succeeded"
    assert paid.id != declined.id
    office.now += timedelta(hours=1)
    office.sweep()
    assert office.see(declined.id).state == "canceled"
    assert counter.held_fen() == BILL_FEN


def test_a_payment_given_up_is_given_up_there_too(counter: Counter) -> None:
    """Nobody can be charged by what was cancelled."""
    office = counter.office
    begun = office.begin_bill(method=PAYS)
    assert office.cancel(begun.id).state == "canceled"
    assert [one["status"] for one in counter.at_the_provider(begun.id)] == ["canceled"]


def test_money_goes_back_in_part_and_whole_and_never_more(counter: Counter) -> None:
    """A part, then the rest; the stand-in would give more, we do not ask for it."""
    office = counter.office
    paid = office.confirm(office.begin_bill(method=PAYS).id, PAYS)
    for amount_fen in (PART_FEN, BILL_FEN - PART_FEN):
        office.refund(paid.id, amount_fen)
        assert (office.send_refunds().ended, office.send_refunds().ended) == (1, 0)
    with pytest.raises(RefundTooLarge):
        office.refund(paid.id, 1)
    assert sorted(counter.refunds_fen(paid.id)) == [PART_FEN, BILL_FEN - PART_FEN]
    assert (counter.held_fen(), office.works.found().state) == (0, "open")
    again = office.confirm(office.begin_bill(paid.subject_id, method=PAYS).id, PAYS)
    assert (again.state, counter.held_fen()) == ("succeeded", BILL_FEN)


def test_a_refused_list_is_no_proof_that_nothing_is_there(counter: Counter) -> None:
    """The answer to a creation is lost and the list cannot be read: nothing is concluded, not even after a day; nobody is charged."""
    office = counter.office
    counter.line.losing = "/payment_intents"
    begun = office.begin_bill(method=PAYS)
    counter.line.losing = None
    assert (begun.state, begun.problem) == ("created", "unknown")
    assert len(counter.at_the_provider(begun.id)) == 1
    posts = counter.line.posts
    office.now += timedelta(hours=25)
    report = office.sweep()
    assert (report.compared, report.tries_left, report.missing) == (None, 1, 0)
    assert (office.see(begun.id).state, counter.line.posts) == ("created", posts)
    with pytest.raises(PaymentBusy):
        office.confirm(begun.id, PAYS)


def test_a_creation_asked_twice_is_paid_once(counter: Counter) -> None:
    """A provider without keys makes two of one creation: the one that we know of is charged, the other never is."""
    office = counter.office
    counter.line.losing = "/payment_intents"
    begun = office.begin_bill(method=PAYS)
    counter.line.losing = None
    office.now += timedelta(minutes=6)
    assert office.refresh(begun.id).state == "waiting"
    assert office.confirm(begun.id, PAYS).state == "succeeded"
    there = sorted(one["status"] for one in counter.at_the_provider(begun.id))
    assert there == ["requires_confirmation", "succeeded"]
    assert counter.held_fen() == BILL_FEN
