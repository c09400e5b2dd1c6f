"""Payments from accounts over HTTP: with the card, once, and back if nobody heard the answer."""

import pytest

from citizencard.staff.permissions import Role
from tests.api.on_line import START_FEN, Holder, Post
from tests.api.world import World, ok, problem

BUY, REVERSE = "/terminals/online-purchases", "/terminals/online-reversals"


@pytest.fixture
def till(world: World) -> Post:
    """A shop's till."""
    shop = ok(world.as_(Role.FINANCE).post("/v1/merchants", {"name": "City Shop", "kind": "shop"}))
    return Post.stand(world, shop["id"], "till")


def test_card_pays_from_its_account_once(world: World, till: Post) -> None:
    """A purchase that is sent three times is paid once, and answered the same three times."""
    holder = Holder.appear(world)
    body = till.signed(holder, 250, trace=1)
    answers = [ok(till.post(BUY, body)) for _ in range(3)]
    assert answers[0] == {
        "object": "online_purchase",
        "reference": f"online:{till.name(1)['terminal_number'].lower()}:1:1",
        "verdict": "approved",
        "reason": None,
        "is_reversed": False,
    }
    assert answers == [answers[0]] * 3
    assert holder.balance_fen == START_FEN - 250


def test_terminal_that_claims_a_card_without_its_proof_is_refused(world: World, till: Post) -> None:
    """Who only knows a card's number takes nothing from its account, whatever is recorded, changed or guessed."""
    holder = Holder.appear(world)
    genuine = till.signed(holder, 250, trace=1)
    changes: tuple[dict[str, object], ...] = (
        {"proof": "00" * 8},
        {"amount_fen": 9_000},
        {"trace": 9},
        {"time": "083001"},
        {"proof": genuine["proof"][::-1]},
    )
    for trace, change in enumerate(changes, 2):
        answer = ok(till.post(BUY, {**genuine, "trace": trace, **change}))
        assert (answer["verdict"], answer["reason"]) == ("refused", "bad_proof"), change
    problem(till.post(BUY, {name: value for name, value in genuine.items() if name != "proof"}), 422, "shape_invalid")
    assert holder.balance_fen == START_FEN


def test_refusals_say_why(world: World, till: Post) -> None:
    """The customer reads on the till what is wrong."""
    holder = Holder.appear(world)
    assert ok(till.post(BUY, till.signed(holder, START_FEN + 1, trace=1)))["reason"] == "insufficient_funds"
    late = till.signed(holder, 250, trace=2)
    unknown = {**till.signed(holder, 250, trace=3), "card_serial": "03302000000000000099"}
    assert ok(till.post(BUY, unknown))["reason"] == "unknown_card"
    ok(world.as_(Role.CLERK).post(f"/v1/cards/{holder.card_id}/loss-reports", {"reason": "left", "temporary": True}))
    assert ok(till.post(BUY, till.signed(holder, 250, trace=4)))["reason"] == "card_state"
    world.clock.instant = world.clock.instant.replace(minute=36)
    assert ok(till.post(BUY, late))["reason"] == "clock"
    assert holder.balance_fen == START_FEN


def test_reversal_in_either_order(world: World, till: Post) -> None:
    """A terminal that got no answer takes its purchase back; one that arrives after its reversal is refused."""
    holder = Holder.appear(world)
    body = till.signed(holder, 250, trace=1)
    ok(till.post(BUY, body))
    back = {"object": "online_reversal", "reference": ok(till.post(BUY, body))["reference"], "outcome": "reversed"}
    assert [ok(till.post(REVERSE, till.name(1))) for _ in range(2)] == [back, back]
    assert ok(till.post(BUY, body))["is_reversed"]
    assert ok(till.post(REVERSE, till.name(2)))["outcome"] == "remembered"
    assert ok(till.post(BUY, till.signed(holder, 250, trace=2)))["reason"] == "reversed_before"
    assert holder.balance_fen == START_FEN
    assert ok(world.as_(Role.AUDITOR).post("/v1/ledger-proofs", {}))["proved"]


def test_terminal_speaks_for_itself_only(world: World, till: Post) -> None:
    """Requests without a signature, for another's number, in a batch that was never given, or of no form, are refused."""
    holder = Holder.appear(world)
    body = till.signed(holder, 250, trace=1)
    for path, given in ((BUY, body), (REVERSE, till.name(1))):
        problem(world.anybody().post(path, given), 401, "signature_missing")
        problem(till.post(path, {**given, "terminal_number": "330299999999"}), 403, "number_of_another_terminal")
        problem(till.post(path, {**given, "batch": 2}), 422, "batch_not_given")
        problem(till.post(path, {**given, "trace": 0}), 422, "shape_invalid")
        problem(till.post(path, {**given, "surprise": 1}), 422, "shape_invalid")
    problem(till.post(BUY, {**body, "date": "20261399"}), 422, "purchase_invalid")
    ok(till.post(BUY, body))
    problem(till.post(BUY, till.signed(holder, 251, trace=1)), 409, "trace_reused")
    assert holder.balance_fen == START_FEN - 250
