"""However the line to Stripe fails, every payment comes to an end and no resident pays twice."""

import itertools
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from citizencard.payments.gateway import (
    Attempt,
    Confirmation,
    Declined,
    Done,
    NewPayment,
    NewRefund,
    Outcome,
    Payment,
    RedirectKind,
    Refund,
    Refused,
    Span,
    Unknown,
)
from citizencard.payments.lookup import find_payment, find_refund
from citizencard.payments.states import PaymentState, RefundState
from citizencard.payments.stripe import StripeGateway
from citizencard.payments.stripe_settings import StripeSettings
from citizencard.payments.stripe_transport import CONTENT_TYPE, Patience, StripeTransport
from tests.stripe_fake.books import DECLINING, TO_PAGE, WORKING
from tests.stripe_fake.server import KEY, Ordered, StripeFake

START = datetime.fromtimestamp(1_795_000_000, UTC)
SPAN = Span(START, START + timedelta(hours=1))
ROUND_PAUSE_S = 0.2
MAX_ROUNDS = 12  # of look-up and repetition, as a sweep makes them


@dataclass(frozen=True)
class Operation:
    """One of the four things asked of Stripe: how to ask, how to look, and where the stand-in counts it."""

    name: str
    ask: Callable[[], Outcome[Payment] | Outcome[Refund]]
    look: Callable[[], Payment | Refund | None]
    counted: Counter[str]


def found(outcome: Outcome[Payment | None] | Outcome[Refund | None]) -> Payment | Refund | None:
    return outcome.value if isinstance(outcome, Done) else None


def prepared(gateway: StripeGateway, reference: str = "pay_1", amount_fen: int = 4950) -> Payment:
    outcome = gateway.create(NewPayment(Attempt(f"create-{reference}", reference), amount_fen))
    assert isinstance(outcome, Done)
    return outcome.value


def paid(gateway: StripeGateway, reference: str = "pay_1") -> Payment:
    payment = prepared(gateway, reference)
    outcome = gateway.confirm(Confirmation(Attempt(f"confirm-{reference}", reference), payment.id, method=WORKING))
    assert isinstance(outcome, Done)
    return outcome.value


def operation(name: str, gateway: StripeGateway, fake: StripeFake) -> Operation:
    """Build the operation with everything that comes before it already done."""
    attempt = Attempt(f"key-{name}", "ref_1" if name == "refund" else "pay_1")

    def at_end(payment: str, end: PaymentState) -> Payment | None:
        outcome = gateway.payment(payment)
        return outcome.value if isinstance(outcome, Done) and outcome.value.state is end else None

    match name:
        case "create":
            return Operation(
                name,
                lambda: gateway.create(NewPayment(attempt, 4950)),
                lambda: found(find_payment(gateway, "pay_1", SPAN)),
                fake.books.created,
            )
        case "confirm":
            payment = prepared(gateway).id
            wanted = Confirmation(attempt, payment, method=WORKING)
            return Operation(
                name,
                lambda: gateway.confirm(wanted),
                lambda: at_end(payment, PaymentState.SUCCEEDED),
                fake.books.charged,
            )
        case "cancel":
            payment = prepared(gateway).id
            return Operation(
                name,
                lambda: gateway.cancel(attempt, payment),
                lambda: at_end(payment, PaymentState.CANCELED),
                fake.books.canceled,
            )
        case _:
            refund = NewRefund(attempt, paid(gateway).id, 1950)
            return Operation(
                name,
                lambda: gateway.refund(refund),
                lambda: found(find_refund(gateway, "ref_1", SPAN)),
                fake.books.refunded,
            )


def bring_to_an_end(asked: Operation) -> Payment | Refund:
    """Do what the sweep does: ask; while nobody knows, look, and ask again with the same key."""
    for _ in range(MAX_ROUNDS):
        outcome = asked.ask()
        if isinstance(outcome, Done):
            return outcome.value
        assert isinstance(outcome, Unknown), f"{asked.name} was given up although nobody had refused it: {outcome}"
        seen = asked.look()
        if seen is not None:
            return seen
        time.sleep(ROUND_PAUSE_S)
    raise AssertionError(f"{asked.name} came to no end")


ENDS = {"create": "requires_payment_method", "confirm": "succeeded", "cancel": "canceled", "refund": "succeeded"}


@pytest.mark.parametrize("times", [1, 3], ids=["once", "beyond all attempts"])
@pytest.mark.parametrize("fault", Ordered, ids=lambda fault: fault.value)
@pytest.mark.parametrize("name", ENDS)
def test_every_fault_of_every_operation_ends_well(
    fake: StripeFake, gateway: StripeGateway, name: str, fault: Ordered, times: int
) -> None:
    """Nine faults, four operations: each ends as asked, carried out once in Stripe's own books."""
    asked = operation(name, gateway, fake)
    fake.order(name, *[fault] * times)
    ended = bring_to_an_end(asked)
    assert ended.state == ENDS[name]
    assert sum(asked.counted.values()) == 1, f"{name} was carried out {asked.counted}"
    assert max(fake.books.charged.values(), default=0) <= 1
    assert sum(row["amount"] for row in fake.books.refunds.values()) == (1950 if name == "refund" else 0)
    keys = {seen.key for seen in fake.seen if seen.key and seen.key.startswith("key-")}
    assert keys == {f"key-{name}"}
    posts = [seen for seen in fake.seen if seen.method == "POST"]
    assert all(seen.content_type == CONTENT_TYPE and seen.key for seen in posts)


@pytest.mark.parametrize("fault", [Ordered.SILENCE_AFTER, Ordered.RESET_AFTER, Ordered.ERROR_AFTER])
def test_silence_after_the_effect_is_unknown_and_never_a_failure(
    fake: StripeFake, patience: Patience, fault: Ordered
) -> None:
    """Nobody tells a resident that his payment failed while his money is gone."""
    once = Patience(attempts=1, read_s=patience.read_s)
    gateway = StripeGateway(StripeTransport(StripeSettings(KEY, fake.address), once))
    payment = prepared(gateway)
    fake.order("confirm", fault)
    outcome = gateway.confirm(Confirmation(Attempt("key-1", "pay_1"), payment.id, method=WORKING))
    assert isinstance(outcome, Unknown)
    assert fake.books.charged == {"pay_1": 1}


def test_a_stored_500_is_replayed_and_solved_by_a_look(fake: StripeFake, gateway: StripeGateway) -> None:
    """Stripe keeps a 500 under its key for ever: only a look-up shows that the money came."""
    asked = operation("confirm", gateway, fake)
    fake.order("confirm", Ordered.ERROR_AFTER)
    outcome = asked.ask()
    assert isinstance(outcome, Unknown)
    assert (outcome.why, outcome.problem.replayed) == ("server_error", True)
    seen = asked.look()
    assert seen is not None
    assert seen.state is PaymentState.SUCCEEDED


def test_a_decline_says_why_and_is_kept_under_its_key(fake: StripeFake, gateway: StripeGateway) -> None:
    """The resident hears the bank's reason; his next try has a new key and is a new one."""
    payment = prepared(gateway)
    wanted = Confirmation(Attempt("try-1", "pay_1"), payment.id, method=DECLINING)
    outcomes = [gateway.confirm(wanted), gateway.confirm(wanted)]
    for outcome, replayed in zip(outcomes, (False, True), strict=True):
        assert isinstance(outcome, Declined)
        problem = outcome.problem
        assert (problem.code, problem.decline_code) == ("card_declined", "insufficient_funds")
        assert (problem.status, problem.request_id, problem.replayed) == (402, "req_stand_in", replayed)
    again = gateway.confirm(Confirmation(Attempt("try-2", "pay_1"), payment.id, method=WORKING))
    assert isinstance(again, Done)
    assert fake.books.charged == {"pay_1": 1}


def test_a_key_of_another_request_leaves_the_first_in_question(fake: StripeFake, gateway: StripeGateway) -> None:
    """A mixed-up key moves no money, and does not pass for a refusal of the payment that it belongs to."""
    attempt = Attempt("key-1", "pay_1")
    assert isinstance(gateway.create(NewPayment(attempt, 100)), Done)
    outcome = gateway.create(NewPayment(attempt, 200))
    assert isinstance(outcome, Unknown)
    assert outcome.why == "key_reused"
    assert fake.books.created == {"pay_1": 1}


def test_what_stripe_does_not_carry_out_is_refused(fake: StripeFake, gateway: StripeGateway) -> None:
    """Cancelling what is paid, refunding more than came, asking for what does not exist: said at once, with the reason."""
    payment = paid(gateway)
    cancel = gateway.cancel(Attempt("key-1", "pay_1"), payment.id)
    assert isinstance(cancel, Refused)
    assert cancel.problem.code == "payment_intent_unexpected_state"
    first = gateway.refund(NewRefund(Attempt("key-2", "ref_1"), payment.id, 4900))
    assert isinstance(first, Done)
    assert first.value.state is RefundState.SUCCEEDED
    assert isinstance(gateway.refund(NewRefund(Attempt("key-3", "ref_2"), payment.id, 51)), Refused)
    assert isinstance(gateway.payment("pi_none"), Refused)
    assert fake.books.refunded == {"ref_1": 1}


def test_a_wrong_key_says_nothing_about_the_payment(fake: StripeFake, patience: Patience) -> None:
    """A key that was withdrawn between two attempts does not make a payment fail."""
    gateway = StripeGateway(StripeTransport(StripeSettings("sk_test_other", fake.address), patience))
    outcome = gateway.create(NewPayment(Attempt("key-1", "pay_1"), 100))
    assert isinstance(outcome, Unknown)
    assert outcome.why == "not_let_in"


@pytest.mark.parametrize("kind", ["alipay", "wechat_pay"])
def test_a_wallet_sends_the_resident_to_its_page(fake: StripeFake, gateway: StripeGateway, kind: RedirectKind) -> None:
    """The resident is told where to go, and money comes only when he has been there."""
    payment = prepared(gateway)
    back = "https://city.invalid/back?a=1&b=2"
    wanted = Confirmation(Attempt("key-1", "pay_1"), payment.id, redirect=kind, return_url=back)
    outcome = gateway.confirm(wanted)
    assert isinstance(outcome, Done)
    assert outcome.value.state is PaymentState.REQUIRES_ACTION
    assert outcome.value.next_url
    assert fake.seen[-1].parameters["return_url"] == back
    fake.books.receive(payment.id)
    later = gateway.payment(payment.id)
    assert isinstance(later, Done)
    assert later.value.received_fen == 4950


def test_a_card_that_wants_a_page_waits_for_it(gateway: StripeGateway) -> None:
    """A bank that asks its customer back gets the time to do so."""
    payment = prepared(gateway)
    outcome = gateway.confirm(Confirmation(Attempt("key-1", "pay_1"), payment.id, method=TO_PAGE))
    assert isinstance(outcome, Done)
    assert outcome.value.state is PaymentState.REQUIRES_ACTION


def test_twenty_at_once_with_one_key_are_one(fake: StripeFake, patience: Patience) -> None:
    """Twenty servers that send the same payment charge it once; those that are told to wait get the same answer."""
    gateway = StripeGateway(
        StripeTransport(StripeSettings(KEY, fake.address), Patience(attempts=9, wait=patience.wait))
    )
    payment = prepared(gateway)
    fake.order("confirm", Ordered.SLOW)
    wanted = Confirmation(Attempt("key-1", "pay_1"), payment.id, method=WORKING)
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(gateway.confirm, itertools.repeat(wanted, 20)))
    assert fake.books.charged == {"pay_1": 1}
    assert all(isinstance(outcome, Done) for outcome in outcomes)
