"""A fuel pump over HTTP: it holds, pumps, settles what was pumped, and survives every cut of power."""

from pathlib import Path

import pytest

from citizencard import chart
from citizencard.db import reading
from citizencard.staff.permissions import Role
from hardware.terminal.holds import FuelPump
from hardware.terminal.online import take_back_open
from hardware.terminal.traces import Traces
from ledger import balances
from tests.api.cut_devices import CutCard, CutLine, Fuse, PowerCut, fused_disk
from tests.api.on_line import START_FEN, Holder, Post
from tests.api.world import World, ok, problem

HOLD, SETTLE, RELEASE = "/terminals/holds", "/terminals/hold-settlements", "/terminals/hold-releases"
HELD_FEN, PUMPED_FEN = 300, 100


@pytest.fixture
def post(world: World) -> Post:
    """A pump of a fuel company."""
    station = ok(world.as_(Role.FINANCE).post("/v1/merchants", {"name": "City Fuel", "kind": "fuel"}))
    return Post.stand(world, station["id"], "pump 1", "fuel_pump")


def _free_fen(holder: Holder) -> int:
    code = chart.wallet(holder.account_id)
    with reading(holder.world.sessions) as session:
        found = balances(session, [code])[code]
    return found.balance_fen - found.held_out_fen


def test_hold_is_settled_late_or_released_over_http(world: World, post: Post) -> None:
    """The documented requests get the documented answers; half an hour later a part is tried as a purchase, and its refusal is listed."""
    holder = Holder.appear(world)
    held = ok(post.post(HOLD, post.signed(holder, 3_000, trace=1)))
    number = post.name(1)["terminal_number"]
    assert held["reference"] == f"hold:{number.lower()}:1:1"
    assert (held["object"], held["verdict"], held["reason"], held["is_ended"]) == (
        "online_hold",
        "approved",
        None,
        False,
    )
    assert (_free_fen(holder), holder.balance_fen) == (START_FEN - 3_000, START_FEN)
    part = {**post.name(1), "n": 1, "amount_fen": 2_000, "date": "20261121", "time": "083500"}
    assert ok(post.post(SETTLE, part)) == {
        "object": "hold_settlement", "reference": f"settle:{held['reference']}:1", "verdict": "approved", "reason": None, "is_late": False,
    }  # fmt: skip
    problem(post.post(SETTLE, {**part, "n": 2, "amount_fen": 1_001}), 409, "hold_amount_exceeded")
    problem(post.post(SETTLE, {**part, "amount_fen": 2_001}), 409, "settlement_reused")
    problem(post.post(SETTLE, {**part, "trace": 9}), 404, "hold_not_known")
    problem(post.post("/terminals/online-reversals", post.name(1)), 409, "reversal_impossible")
    assert ok(post.post(RELEASE, post.name(1)))["outcome"] == "released"
    problem(post.post(SETTLE, {**part, "n": 2, "amount_fen": 100}), 409, "hold_is_over")
    ok(post.post(HOLD, post.signed(holder, START_FEN - 2_000, trace=2)))
    world.clock.instant = world.clock.instant.replace(hour=(world.clock.instant.hour + 1) % 24)
    assert ok(post.post("/terminals/online-purchases", post.signed(holder, 500, trace=3)))["verdict"] == "approved"
    late = ok(post.post(SETTLE, {**part, "trace": 2, "amount_fen": START_FEN - 2_000}))
    assert (late["verdict"], late["reason"], late["is_late"]) == ("refused", "insufficient_funds", True)
    world.signed_in.clear()
    listed = ok(world.as_(Role.FINANCE).get("/v1/unpaid-hold-settlements"))
    assert [item["amount_fen"] for item in listed["data"]] == [START_FEN - 2_000]
    after = listed["data"][0]["id"]
    assert ok(world.as_(Role.FINANCE).get(f"/v1/unpaid-hold-settlements?starting_after={after}"))["data"] == []
    problem(world.as_(Role.FINANCE).get("/v1/unpaid-hold-settlements?starting_after=card_1"), 422, "shape_invalid")


def test_pump_survives_a_cut_of_power_at_every_step(
    world: World, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the power goes, the driver has paid what was pumped and nothing else, and nothing stays reserved."""
    holder = Holder.appear(world)
    terminal = bytes.fromhex(post.equipped.psam["terminal_number"])
    Traces(tmp_path / "traces.json", terminal).begin(1)
    expected_fen, step, is_cut = START_FEN, 0, True

    def pump(fuse: Fuse) -> FuelPump:
        return FuelPump(CutLine(post, fuse), Traces(tmp_path / "traces.json", terminal), tmp_path / "holds.json")  # type: ignore[arg-type] # stands where the uplink stands

    while is_cut:
        step += 1
        fuse, is_pumped = Fuse(step), False
        holder.chip.reset()
        with fused_disk(monkeypatch, fuse):
            try:
                working = pump(fuse)
                verdict = working.begin(CutCard(holder.chip, fuse), HELD_FEN, world.clock())
                assert verdict.approved
                working.end(verdict.name, PUMPED_FEN, world.clock())
                is_cut = False
            except PowerCut:
                is_pumped = any(entry.pumped_fen for entry in pump(Fuse()).open_holds())
        is_pumped = is_pumped or not is_cut or _is_paid(holder, expected_fen)
        awake, line = pump(Fuse()), CutLine(post, Fuse())
        awake.catch_up()
        take_back_open(line, Traces(tmp_path / "traces.json", terminal))  # type: ignore[arg-type] # the same
        expected_fen -= PUMPED_FEN * is_pumped
        assert (_free_fen(holder), holder.balance_fen) == (expected_fen, expected_fen), step
        assert awake.open_holds() == []
        assert Traces(tmp_path / "traces.json", terminal).open_names() == []
    assert step > 15
    assert ok(world.as_(Role.AUDITOR).post("/v1/ledger-proofs", {}))["proved"]


def _is_paid(holder: Holder, before_fen: int) -> bool:
    """The settlement had arrived when the power went."""
    return holder.balance_fen == before_fen - PUMPED_FEN
