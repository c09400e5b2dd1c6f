"""A terminal that asks too often is told to wait; nobody else notices, and nobody can make another one wait."""

import logging

import pytest

from api.rates import EXTENSION, MAX_BUCKETS, OWNED_S, RATES, TELL_BAD_EVERY, Rate, RateClass, Rates, rate_class, rates
from tests.api.registry import Equipped, equip
from tests.api.signing import Wish
from tests.api.world import World, problem

SIGN_IN = "/terminals/sign-ins"
HOTLIST = "/terminals/hotlist"
BURST = 3
ME, OTHER = ("330200000001", "term_1"), ("330200000002", "term_2")


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def buckets(clock: Clock) -> Rates:
    """Buckets that hold three tokens and get two a second."""
    return Rates(clock, dict.fromkeys(RateClass, Rate(2, BURST)))


def test_burst_is_taken_and_then_the_rate_holds(buckets: Rates, clock: Clock) -> None:
    """A terminal may ask many times at once after a pause, and then so often a second, whatever it tries."""
    for _ in range(BURST):
        assert buckets.wait_s(ME[0], RateClass.ON_LINE) == 0
        buckets.took(*ME, RateClass.ON_LINE)
    assert buckets.wait_s(ME[0], RateClass.ON_LINE) == 1
    taken = 0
    for _ in range(80):
        clock.now_s += 0.125
        if buckets.wait_s(ME[0], RateClass.ON_LINE) == 0:
            buckets.took(*ME, RateClass.ON_LINE)
            taken += 1
    assert taken == 20, "ten seconds at two a second"


def test_others_and_other_kinds_have_buckets_of_their_own(buckets: Rates) -> None:
    """One that floods the sale of tickets can still fetch its lists; another terminal does not notice."""
    for _ in range(10 * BURST):
        buckets.took(*ME, RateClass.ON_LINE)
    assert buckets.wait_s(ME[0], RateClass.ON_LINE) > 0
    assert buckets.wait_s(ME[0], RateClass.LISTS) == 0
    assert buckets.wait_s(OTHER[0], RateClass.ON_LINE) == 0


def test_number_and_id_of_a_terminal_are_one_bucket(buckets: Rates) -> None:
    """A device that signs now under its number and now under its id gets no more than others."""
    for key_id in (ME[0], ME[1]):
        buckets.took(key_id, ME[1], RateClass.ON_LINE)
    for _ in range(BURST - 2):
        buckets.took(*ME, RateClass.ON_LINE)
    assert [buckets.wait_s(key_id, RateClass.ON_LINE) for key_id in ME] == [1, 1]


def test_device_that_lost_its_number_holds_up_nobody_who_has_it_now(buckets: Rates, clock: Clock) -> None:
    """A number is bound to another device: whoever had it before floods under its own id, and the new one is heard within a minute."""
    buckets.took(ME[0], "term_before", RateClass.ON_LINE)
    for _ in range(2):
        clock.now_s += OWNED_S
        for _ in range(1_000):
            buckets.took("term_before", "term_before", RateClass.ON_LINE)
    assert buckets.wait_s("term_before", RateClass.ON_LINE) > 0
    assert buckets.wait_s(ME[0], RateClass.ON_LINE) == 0
    buckets.took(ME[0], "term_now", RateClass.ON_LINE)
    assert buckets.wait_s(ME[0], RateClass.ON_LINE) == 0


def test_long_upload_costs_more(buckets: Rates, clock: Clock) -> None:
    """A file of megabytes is worth many small ones; one is always let in, and the next has to wait for it."""
    buckets.took(*ME, RateClass.UPLOADS, 10 * 65_536)
    assert buckets.wait_s(ME[0], RateClass.UPLOADS) == 5, "eleven tokens of three, and one more, at two a second"
    clock.now_s += 4.5
    assert buckets.wait_s(ME[0], RateClass.UPLOADS) == 0
    buckets.took(*ME, RateClass.ON_LINE, 10 * 65_536)
    assert buckets.wait_s(ME[0], RateClass.ON_LINE) == 0, "bodies of other routes are short anyway"


def test_memory_is_bounded(buckets: Rates, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many terminals a city has, a process remembers those that asked lately."""
    monkeypatch.setattr("api.rates.MAX_BUCKETS", 10)
    for number in range(25):
        buckets.took(f"{number:012d}", f"term_{number}", RateClass.ON_LINE)
        clock.now_s += 0.01
    assert len(buckets._buckets) <= 10 < MAX_BUCKETS  # what is remembered is the point
    assert len(buckets._owners) <= 10  # the same
    assert buckets.wait_s(f"{24:012d}", RateClass.ON_LINE) == 0


def test_kinds_of_routes() -> None:
    """What is only read is a list; uploads are known by the bodies that they may have; the rest is sold on line."""
    assert rate_class("GET", uploads=False) is RateClass.LISTS
    assert rate_class("POST", uploads=True) is RateClass.UPLOADS
    assert rate_class("POST", uploads=False) is RateClass.ON_LINE
    assert all(rate.burst >= rate.a_second for rate in RATES.values())


@pytest.fixture
def pair(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[Equipped, Equipped]:
    """Two terminals that may ask three times, and then once in a thousand seconds."""
    monkeypatch.setattr("api.rates.RATES", dict.fromkeys(RateClass, Rate(0.001, BURST)))
    monkeypatch.setitem(
        world.app.extensions, "citizencard_rates", Rates(rates=dict.fromkeys(RateClass, Rate(0.001, BURST)))
    )
    return equip(world), equip(world, "bus 5")


def test_terminal_that_floods_is_told_to_wait_and_the_other_sells_on(pair: tuple[Equipped, Equipped]) -> None:
    """Ten times as much as is allowed: the rest is told how long to wait, and each request of the other is answered."""
    flooding, quiet = pair
    shift = {"psam_serial": flooding.psam["psam_serial"]}
    answers = [flooding.device.post(SIGN_IN, shift) for _ in range(10 * BURST)]
    assert [answer.status_code for answer in answers] == [200] * BURST + [429] * 9 * BURST
    found = problem(answers[-1], 429, "too_many_requests")
    assert answers[-1].headers["Retry-After"] == str(found["retry_after_s"]) == "1000"
    own = [quiet.device.post(SIGN_IN, {"psam_serial": quiet.psam["psam_serial"]}) for _ in range(BURST)]
    assert [answer.status_code for answer in own] == [200] * BURST
    assert flooding.device.get(HOTLIST).status_code != 429


def test_what_is_told_to_wait_has_not_been_looked_at(pair: tuple[Equipped, Equipped]) -> None:
    """A request that must wait uses up no nonce: the same bytes are good later."""
    flooding, _ = pair
    shift = {"psam_serial": flooding.psam["psam_serial"]}
    for _ in range(BURST):
        flooding.device.post(SIGN_IN, shift)
    headers = flooding.device.signed("POST", SIGN_IN, b"{}", Wish(nonce="a-nonce-of-enough-characters"))
    sent = {"data": b"{}", "content_type": "application/json", "headers": headers}
    problem(flooding.device.client.post(SIGN_IN, **sent), 429, "too_many_requests")
    flooding.device.client.application.extensions[EXTENSION] = Rates()
    problem(flooding.device.client.post(SIGN_IN, **sent), 422, "shape_invalid")


def test_nobody_else_uses_up_a_terminals_share(
    pair: tuple[Equipped, Equipped], caplog: pytest.LogCaptureFixture
) -> None:
    """A terminal's number is on every slip: whoever signs under it with another key does not make it wait, but is told of in the log."""
    victim, thief = pair
    forged = thief.device.pretending(victim.psam["terminal_number"])
    shift = {"psam_serial": victim.psam["psam_serial"]}
    with caplog.at_level(logging.WARNING, "citizencard.api"):
        for _ in range(TELL_BAD_EVERY):
            problem(forged.post(SIGN_IN, shift), 401, "signature_invalid")
    assert [victim.device.post(SIGN_IN, shift).status_code for _ in range(BURST)] == [200] * BURST
    told = [record.getMessage() for record in caplog.records]
    assert [line for line in told if f"{TELL_BAD_EVERY} bad signatures" in line and victim.terminal["id"] in line]


def test_buckets_belong_to_an_application(world: World) -> None:
    """Two cities in one process do not share them."""
    with world.app.app_context():
        assert rates() is rates()
