"""Parking over HTTP: in, a quote, out; and what a gate is told when something is wrong."""

import pytest

from citizencard.staff.permissions import Role
from tests.api.on_line import START_FEN, Holder
from tests.api.on_line import Lot as OpenLot
from tests.api.world import World, ok, problem
from tests.citizencard.parking.make_parking import LOT

ENTER, QUOTE, LEAVE = "/terminals/parking/entries", "/terminals/parking/quotes", "/terminals/parking/exits"
REVERSE = "/terminals/online-reversals"


@pytest.fixture
def lot(world: World) -> OpenLot:
    """A lot, open."""
    return OpenLot.open(world)


def enter(lot: OpenLot, holder: Holder, trace: int = 1) -> dict[str, object]:
    return ok(lot.entry.post(ENTER, {**lot.entry.name(trace), **lot.entry.seen(holder)}))


def test_sixty_seven_minutes(world: World, lot: OpenLot) -> None:
    """In, 67 minutes, out: the gate quotes 7.00 with its reason, the account pays 7.00, once."""
    holder = Holder.appear(world)
    entered = enter(lot, holder)
    assert entered["outcome"] == "entered"
    assert entered["entered_at"] == "2026-11-21T00:30:00Z"
    lot.pass_time(67)
    quoted = ok(lot.exit.post(QUOTE, lot.exit.seen(holder)))
    assert quoted == {
        "object": "parking_quote",
        "stay_id": entered["stay_id"],
        "entered_at": "2026-11-21T00:30:00Z",
        "left_at": "2026-11-21T01:37:00Z",
        "tariff_version": 1,
        "amount_fen": 700,
        "explanation": quoted["explanation"],
        "sentences": quoted["sentences"],
    }
    assert [(line["what"], line["minor"], line["rule"]) for line in quoted["explanation"]["lines"]] == [
        ("first", 500, f"parking.{LOT}.charges.0.steps.0"),
        ("steps", 200, f"parking.{LOT}.charges.0.steps.1"),
    ]
    assert quoted["explanation"]["lines"][1]["facts"]["minutes"] == 7
    assert quoted["explanation"]["lines"][1]["sponsor"] is None
    assert quoted["sentences"]["en"].endswith("to pay ¥7.00.")
    assert quoted["sentences"]["zh"].endswith("应付 ¥7.00。")
    body = lot.exit.signed(holder, 700, trace=1)
    left = ok(lot.exit.post(LEAVE, body))
    assert (left["verdict"], left["amount_fen"], left["stay_id"]) == ("approved", 700, entered["stay_id"])
    assert ok(lot.exit.post(LEAVE, body)) == left
    assert holder.balance_fen == START_FEN - 700
    problem(lot.exit.post(QUOTE, lot.exit.seen(holder)), 404, "no_open_stay")
    assert ok(world.as_(Role.AUDITOR).post("/v1/ledger-proofs", {}))["proved"]


def test_wrong_amount_is_told_the_right_one(world: World, lot: OpenLot) -> None:
    """A gate with an old price on its display is corrected, and nothing is paid."""
    holder = Holder.appear(world)
    entered = enter(lot, holder)
    lot.pass_time(67)
    found = problem(lot.exit.post(LEAVE, lot.exit.signed(holder, 500, trace=1)), 409, "amount_differs")
    assert (found["amount_fen"], found["stay_id"]) == (700, entered["stay_id"])
    assert ok(lot.exit.post(LEAVE, lot.exit.signed(holder, 700, trace=1)))["verdict"] == "approved"


def test_gate_without_the_card_ends_no_stay(world: World, lot: OpenLot) -> None:
    """Paid or free, a stay ends by the card's own word only."""
    holder = Holder.appear(world)
    enter(lot, holder)
    for minutes, amount_fen, trace in ((10, 0, 1), (57, 700, 2)):
        lot.pass_time(minutes)
        body = {**lot.exit.signed(holder, amount_fen, trace), "proof": "00" * 8}
        answer = ok(lot.exit.post(LEAVE, body))
        assert (answer["verdict"], answer["reason"]) == ("refused", "bad_proof")
    assert holder.balance_fen == START_FEN
    assert ok(lot.exit.post(QUOTE, lot.exit.seen(holder)))["amount_fen"] == 700


def test_reversal_lets_the_stay_go_on(world: World, lot: OpenLot) -> None:
    """The bar did not rise: the money is back, and the card is inside."""
    holder = Holder.appear(world)
    enter(lot, holder)
    lot.pass_time(67)
    body = lot.exit.signed(holder, 700, trace=1)
    ok(lot.exit.post(LEAVE, body))
    assert ok(lot.exit.post(REVERSE, lot.exit.name(1)))["outcome"] == "reversed"
    assert ok(lot.exit.post(LEAVE, body))["is_reversed"]
    assert holder.balance_fen == START_FEN
    assert enter(lot, holder, 2)["outcome"] == "entry_repeated"


def test_gate_is_told_what_is_wrong(world: World, lot: OpenLot) -> None:
    """Unsigned, misplaced, malformed and repeated names are problems with a code."""
    holder = Holder.appear(world)
    body = {**lot.entry.name(1), **lot.entry.seen(holder)}
    for path in (ENTER, QUOTE, LEAVE):
        problem(world.anybody().post(path, body), 401, "signature_missing")
    wrong_way = {**lot.exit.name(1), **lot.exit.seen(holder)}
    problem(lot.exit.post(ENTER, wrong_way), 403, "not_a_gate")
    problem(lot.exit.post(LEAVE, lot.exit.signed(holder, 0, 1)), 404, "no_open_stay")
    problem(lot.entry.post(ENTER, {**body, "date": "20261399"}), 422, "passage_invalid")
    enter(lot, holder)
    lot.pass_time(1)
    problem(lot.entry.post(ENTER, {**body, **lot.entry.seen(holder)}), 409, "passage_name_reused")
    refused = {**body, "trace": 2, "card_serial": "03302000000000000099"}
    assert ok(lot.entry.post(ENTER, refused))["reason"] == "unknown_card"


@pytest.mark.usefixtures("lot")
def test_gates_are_put_and_listed_by_staff(world: World) -> None:
    """Who manages terminals puts gates at lots that have a price; others do not even see them."""
    stock = world.as_(Role.STOCK_KEEPER)
    listed = ok(stock.get("/v1/parking-gates"))["data"]
    assert {(gate["lot"], gate["direction"]) for gate in listed} == {(LOT, "entry"), (LOT, "exit")}
    gate = {key: listed[0][key] for key in ("terminal_id", "merchant_id", "lot", "direction")}
    moved = ok(stock.post("/v1/parking-gates", gate, Idempotency_Key="k"))
    assert ok(stock.post("/v1/parking-gates", gate, Idempotency_Key="k")) == moved
    assert len(ok(stock.get("/v1/parking-gates"))["data"]) == 2
    problem(stock.post("/v1/parking-gates", {**gate, "lot": "west"}), 422, "rule_missing")
    problem(stock.post("/v1/parking-gates", {**gate, "direction": "both"}), 422, "shape_invalid")
    problem(world.as_(Role.CLERK).post("/v1/parking-gates", gate), 403, "permission_denied")
    problem(world.as_(Role.CLERK).get("/v1/parking-gates"), 403, "permission_denied")
