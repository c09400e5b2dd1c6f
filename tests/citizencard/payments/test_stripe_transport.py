"""A request keeps its key over every repetition, waits politely, and shows its secret to nobody but Stripe."""

import logging
from dataclasses import replace

import pytest

from citizencard.payments.stripe_settings import StripeSettings
from citizencard.payments.stripe_transport import CONTENT_TYPE, Patience, Scalar, StripeTransport, encode_form
from tests.stripe_fake.server import KEY, Ordered, StripeFake

CREATE: dict[str, Scalar | dict[str, Scalar]] = {"amount": 100, "currency": "cny", "metadata": {"reference": "pay_1"}}


def test_parameters_are_written_with_brackets() -> None:
    """Stripe reads nested values and lists, Chinese and signs, as they were meant (regression set)."""
    form = encode_form({"metadata": {"reference": "a b&c=卡"}, "payment_method_types": ("card", "alipay"), "amount": 5})
    assert form == (
        "metadata[reference]=a+b%26c%3D%E5%8D%A1&payment_method_types[0]=card&payment_method_types[1]=alipay&amount=5"
    )


@pytest.mark.parametrize("fault", [Ordered.CONFLICT, Ordered.TOO_MANY, Ordered.ERROR_BEFORE, Ordered.RESET_AFTER])
def test_what_may_pass_is_repeated_under_the_same_key(
    fake: StripeFake, transport: StripeTransport, fault: Ordered
) -> None:
    """A busy or failing server gets the same request again, never a second one."""
    fake.order("create", fault, fault)
    assert transport.post("/v1/payment_intents", CREATE, "key-1").status == 200
    assert {seen.key for seen in fake.seen} == {"key-1"}
    assert fake.books.created == {"pay_1": 1}


@pytest.mark.parametrize(("word", "sent"), [("false", 1), ("true", 3)])
def test_the_servers_own_word_on_repetition_goes_first(
    fake: StripeFake, transport: StripeTransport, word: str, sent: int
) -> None:
    """Stripe knows best whether a repetition helps."""
    fake.extra_headers["Stripe-Should-Retry"] = word
    fake.order("create", *[Ordered.ERROR_BEFORE] * 3)
    assert transport.post("/v1/payment_intents", CREATE, "key-1").status == 500
    assert len(fake.seen) == sent


def test_a_bad_request_is_sent_once(fake: StripeFake, transport: StripeTransport) -> None:
    """What is wrong stays wrong: 400 is not repeated."""
    assert transport.post("/v1/payment_intents", {**CREATE, "colour": "red"}, "key-1").status == 400
    assert len(fake.seen) == 1


def test_an_empty_post_says_its_content_type(fake: StripeFake, transport: StripeTransport) -> None:
    """Even a request without parameters is form-encoded: stripe-mock refuses it otherwise."""
    created = transport.post("/v1/payment_intents", CREATE, "key-1").document or {}
    assert transport.post(f"/v1/payment_intents/{created['id']}/cancel", {}, "key-2").status == 200
    assert [seen.content_type for seen in fake.seen] == [CONTENT_TYPE] * 2


def test_pauses_grow_with_chance_between_half_a_second_and_five() -> None:
    """Many servers that wait do not come back at the same instant (regression set)."""
    low, high = Patience(chance=lambda: 0.0), Patience(chance=lambda: 1.0)
    assert [low.pause_s(sent) for sent in (1, 2, 3, 4, 5, 9)] == [0.5, 0.5, 1.0, 2.0, 2.5, 2.5]
    assert [high.pause_s(sent) for sent in (1, 2, 3, 4, 5, 9)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_no_attempt_begins_after_the_deadline(fake: StripeFake, patience: Patience) -> None:
    """A clerk gets an answer in bounded time, if only that nobody knows."""
    clock = iter([0.0, *[79.9] * 10])
    transport = StripeTransport(StripeSettings(KEY, fake.address), replace(patience, clock=lambda: next(clock)))
    fake.order("create", *[Ordered.ERROR_BEFORE] * 3)
    assert transport.post("/v1/payment_intents", CREATE, "key-1").status == 500
    assert len(fake.seen) == 1


def test_neither_proxy_nor_netrc_of_the_machine_is_used(
    fake: StripeFake, transport: StripeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key goes where the settings say, whatever the environment suggests."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert transport.get("/v1/payment_intents", {}).status == 200
    assert len(fake.seen) == 1


def test_nobody_there_is_no_answer_and_shows_no_key(
    caplog: pytest.LogCaptureFixture, patience: Patience, capfd: pytest.CaptureFixture[str]
) -> None:
    """A planted key turns up in no log, no repr, no output, also when the connection fails."""
    caplog.set_level(logging.DEBUG)
    transport = StripeTransport(StripeSettings(KEY, "http://127.0.0.1:9"), patience)
    answer = transport.post("/v1/payment_intents", CREATE, "key-1")
    assert (answer.status, answer.in_doubt) == (0, True)
    shown = capfd.readouterr()
    assert KEY not in repr(answer) + repr(transport) + repr(vars(transport)) + caplog.text + shown.out + shown.err
