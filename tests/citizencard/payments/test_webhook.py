"""Only Stripe's own reports are believed: signed over the exact bytes, with our secret, within five minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from citizencard.payments.errors import PaymentError, WebhookForged, WebhookMalformed, WebhookOutOfTime, WebhookUnsigned
from citizencard.payments.states import PaymentState
from citizencard.payments.webhook import WebhookSecret, read_event
from tests.citizencard.payments.test_stripe_objects import PAYMENT, REFUND
from tests.stripe_fake.webhooks import SECRET, deliver, event_body, sign

AT_S = 1_795_000_100
NOW = datetime.fromtimestamp(AT_S, UTC)
OURS = [WebhookSecret(SECRET)]
BODY = event_body(1, "payment_intent.succeeded", PAYMENT | {"status": "succeeded"}, AT_S)


def test_a_genuine_event_is_read() -> None:
    """What happened to which payment reaches us."""
    delivery = deliver(BODY, AT_S)
    event = read_event(delivery.body, delivery.signature, OURS, NOW)
    assert (event.id, event.change) == ("evt_000001", "pi_1:payment_intent.succeeded")
    assert event.payment is not None
    assert event.payment.state is PaymentState.SUCCEEDED
    refund = event_body(2, "refund.failed", REFUND, AT_S)
    assert read_event(refund, deliver(refund, AT_S).signature, OURS, NOW).refund is not None
    payout = event_body(3, "payout.paid", {"id": "po_1", "object": "payout"}, AT_S)
    assert read_event(payout, deliver(payout, AT_S).signature, OURS, NOW).object_id == "po_1"


def test_a_repetition_is_the_same_event_signed_anew() -> None:
    """Two deliveries differ in their signature, never in the id by which the inbox knows them."""
    first, second = deliver(BODY, AT_S), deliver(BODY, AT_S + 60)
    assert first.signature != second.signature
    assert read_event(first.body, first.signature, OURS, NOW) == read_event(second.body, second.signature, OURS, NOW)


def test_two_ids_for_one_change_have_one_name_of_the_change() -> None:
    """The inbox can see that two events report the same money."""
    twin = event_body(9, "payment_intent.succeeded", PAYMENT | {"status": "succeeded"}, AT_S)
    one = read_event(BODY, deliver(BODY, AT_S).signature, OURS, NOW)
    two = read_event(twin, deliver(twin, AT_S).signature, OURS, NOW)
    assert one.id != two.id
    assert one.change == two.change


@pytest.mark.parametrize(
    "body",
    [BODY + b" ", BODY[:-1], BODY.replace(b"4950", b"4951"), BODY.replace(b": ", b":"), b""],
    ids=["longer", "shorter", "amount", "spaces", "empty"],
)
def test_changed_bytes_are_forged(body: bytes) -> None:
    """One changed byte is enough, even where the meaning stays."""
    with pytest.raises(WebhookForged):
        read_event(body, deliver(BODY, AT_S).signature, OURS, NOW)


def test_another_secret_or_another_time_is_forged() -> None:
    """A stranger's signature does not count, nor ours with a fresher time written over it."""
    good = sign(BODY, AT_S)
    for signature in (deliver(BODY, AT_S, "whsec_other").signature, f"t={AT_S + 1},v1={good}", f"t={AT_S},v1="):
        with pytest.raises(WebhookForged):
            read_event(BODY, signature, OURS, NOW)
    with pytest.raises(WebhookForged):
        read_event(BODY, f"t={AT_S},v1={good}", [], NOW)


def test_any_v1_counts_and_v0_never() -> None:
    """While the secret is rolled two signatures come; the old scheme is a way around none of them."""
    good, bad = sign(BODY, AT_S), sign(BODY, AT_S, "whsec_old")
    assert read_event(BODY, f"t={AT_S},v1={bad},v1={good},v0=00", OURS, NOW).id == "evt_000001"
    assert read_event(BODY, f"t={AT_S},v1={bad}", [*OURS, WebhookSecret("whsec_old")], NOW).id == "evt_000001"
    with pytest.raises(WebhookUnsigned):
        read_event(BODY, f"t={AT_S},v0={good}", OURS, NOW)
    with pytest.raises(WebhookForged):
        read_event(BODY, f"t={AT_S},v0={good},v1={bad}", OURS, NOW)


@pytest.mark.parametrize(("age_s", "fits"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_five_minutes_are_the_limit(age_s: int, fits: bool) -> None:
    """A recorded delivery cannot be played again later."""
    signature = deliver(BODY, AT_S).signature
    later = NOW + timedelta(seconds=age_s)
    if fits:
        read_event(BODY, signature, OURS, later)
    else:
        with pytest.raises(WebhookOutOfTime):
            read_event(BODY, signature, OURS, later)


@pytest.mark.parametrize(
    "header",
    [None, "", "v1=00", "t=1", "t=,v1=00", "t=x,v1=00", "t=-5,v1=00", "t=1,t=2,v1=00", "t=²,v1=00", "t=1" + ",v1=00" * 9,
     "x" * 3000, "t=" + "9" * 40 + ",v1=00"],
)  # fmt: skip
def test_an_unreadable_signature_is_no_signature(header: str | None) -> None:
    """Whatever stands in the header, the answer is a refusal, not a fault of ours."""
    with pytest.raises(WebhookUnsigned):
        read_event(BODY, header, OURS, NOW)


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b"5", BODY.replace(b'"event"', b'"thing"'),
     BODY.replace(b'"evt_000001"', b"7"), BODY.replace(b'"succeeded"', b'"odd"'), BODY.replace(b'"pi_1"', b'""'), b"x" * 600_000],
    ids=range(11),
)  # fmt: skip
def test_signed_nonsense_is_refused_in_words(body: bytes) -> None:
    """An event of a form that we do not know is set aside with a reason."""
    with pytest.raises(WebhookMalformed):
        read_event(body, deliver(body, AT_S).signature, OURS, NOW)


def test_the_secret_shows_in_no_repr_and_no_refusal() -> None:
    """A planted secret turns up nowhere."""
    shown: list[Any] = [repr(OURS)]
    for signature in ("t=1,v1=00", None, deliver(BODY, AT_S - 900).signature):
        with pytest.raises(PaymentError) as refusal:
            read_event(BODY, signature, OURS, NOW)
        shown.append(f"{refusal.value!r} {refusal.value.fields}")
    assert SECRET not in "".join(shown)
