"""Every signed request once, also where its nonce is used up together with the money."""

import json

import pytest

from api import nonces
from citizencard.db import reading, transaction
from citizencard.staff.permissions import Role
from citizencard.terminals.models import TerminalNonce, TerminalState
from citizencard.terminals.registry import set_terminal_state
from citizencard.terminals.signing import NONCE_LIFE
from tests.api.on_line import START_FEN, Holder, Post
from tests.api.signing import Wish
from tests.api.world import World, ok, problem

BUY = "/terminals/online-purchases"
WISH = Wish(nonce="a-nonce-of-enough-characters")


@pytest.fixture
def till(world: World) -> Post:
    """A shop's till."""
    shop = ok(world.as_(Role.FINANCE).post("/v1/merchants", {"name": "City Shop", "kind": "shop"}))
    return Post.stand(world, shop["id"], "till")


def test_recorded_purchase_is_refused_whatever_became_of_it(world: World, till: Post) -> None:
    """Bytes that were recorded on the way are refused: after an approval, a repeat, a refusal as a verdict, and a refusal to judge."""
    holder, device = Holder.appear(world), till.equipped.device
    good = till.signed(holder, 250, trace=1)
    sent = {
        "approved": (good, 200),
        "repeated": (good, 200),
        "no money": (till.signed(holder, START_FEN, trace=2), 200),
        "not of the form": ({"surprise": 1}, 422),
        "another's number": ({**good, "terminal_number": "330299999999"}, 403),
        "batch never given": ({**good, "batch": 9}, 422),
        "no moment": ({**good, "date": "20261399"}, 422),
    }
    for number, (why, (body, status)) in enumerate(sent.items()):
        wish = Wish(nonce=f"nonce-of-a-recorded-request-{number}")
        headers = device.signed("POST", BUY, json.dumps(body).encode(), wish)
        for expected in (status, 401, 401):
            answer = device.client.post(BUY, data=json.dumps(body), content_type="application/json", headers=headers)
            assert answer.status_code == expected, why
        found = problem(answer, 401, "nonce_replayed")
        assert answer.headers["X-Request-Id"] == found["request_id"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff", "an answer like any other"
    assert holder.balance_fen == START_FEN - 250


def test_nonce_of_no_usable_length_is_refused_before_anything_is_done(world: World, till: Post) -> None:
    """A nonce of a few letters comes again by chance: with it nothing is bought."""
    holder = Holder.appear(world)
    problem(
        till.equipped.device.post(BUY, till.signed(holder, 250, trace=1), Wish(nonce="short")), 400, "nonce_invalid"
    )
    assert holder.balance_fen == START_FEN


def test_terminal_that_was_disabled_buys_nothing(world: World, till: Post) -> None:
    """From one moment to the next, as on every other route."""
    holder = Holder.appear(world)
    with transaction(world.sessions) as session:
        set_terminal_state(session, till.terminal_id, TerminalState.DISABLED)
    problem(till.post(BUY, till.signed(holder, 250, trace=1)), 403, "terminal_disabled")


def test_old_nonces_are_forgotten_on_the_way(world: World, till: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too old to be replayed fills no table: now and then a request sweeps."""
    holder = Holder.appear(world)
    ok(till.equipped.device.post(BUY, till.signed(holder, 250, trace=1), WISH))
    world.clock.advance(NONCE_LIFE * 2)
    monkeypatch.setattr(nonces, "SWEEP_S", 0.0)
    monkeypatch.delitem(world.app.extensions, nonces.EXTENSION)
    ok(till.post(BUY, till.signed(holder, 250, trace=2)))
    with reading(world.sessions) as session:
        assert session.get(TerminalNonce, (till.terminal_id, WISH.nonce)) is None
