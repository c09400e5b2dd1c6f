"""A device's shift over HTTP: sign-in, heartbeat, gaps, sign-out."""

from datetime import timedelta
from typing import Any

from citizencard.db import reading, transaction
from citizencard.terminals.gaps import note_gaps
from citizencard.terminals.heartbeats import heartbeat_of
from citizencard.terminals.models import AcknowledgedKind
from citizencard.terminals.shifts import acknowledged_version
from tests.api.registry import Equipped, bind, equip, license_line, set_fares
from tests.api.signing import ALL, Wish
from tests.api.world import World, ok, problem

CONDITION = {
    "software": "vendor 1.0",
    "parameter_version": 0,
    "hotlist_version": 0,
    "issuer_version": 0,
    "records_waiting": 0,
    "oldest_waiting_at": None,
    "device_time": "2026-11-21T08:29:58+08:00",
    "free_kb": 5_600,
    "faults": "",
}


def beat(of: Equipped, **said: Any) -> Any:
    return ok(of.device.post("/terminals/heartbeats", {**CONDITION, **said}))


def miss(world: World, equipped: Equipped, first: int, last: int) -> dict[str, Any]:
    number = equipped.psam["terminal_number"]
    with transaction(world.sessions) as session:
        note_gaps(session, [(bytes.fromhex(number), first, last)], world.clock())
    return {"terminal_number": number, "first": first, "last": last}


def test_heartbeat_says_what_to_do(world: World) -> None:
    """A device learns with each beat what it works with no longer; the company sees how it is, and how wrong its clock."""
    equipped = equip(world)
    calm = beat(equipped)
    assert (calm["fetch"], calm["upload_now"], calm["rotate_key"], calm["gaps"]) == ([], False, False, [])
    set_fares(world)
    assert beat(equipped)["fetch"] == ["parameters"]
    assert beat(equipped, parameter_version=1)["fetch"] == []
    long_ago = (world.clock() - timedelta(hours=12)).isoformat()
    assert beat(equipped, records_waiting=1, oldest_waiting_at=long_ago, faults="printer out of paper")["upload_now"]
    assert beat(equipped, records_waiting=20_000)["upload_now"]
    with reading(world.sessions) as session:
        found = heartbeat_of(session, equipped.terminal["id"])
        assert found is not None
        assert (found.clock_offset_s, found.records_waiting, found.free_kb) == (2, 20_000, 5_600)
    world.clock.advance(timedelta(days=366))
    equipped.device.now = world.clock()
    assert beat(equipped)["rotate_key"]


def test_versions_that_never_were_are_not_written_down(world: World) -> None:
    """A merchant is not spared a tap on a lost card by naming a list that nobody has published; the device is told what to fetch."""
    equipped = equip(world)
    never = {"parameter_version": 7, "hotlist_version": 900, "issuer_version": 9}
    named = {"psam_serial": equipped.psam["psam_serial"], **never}
    assert ok(equipped.device.post("/terminals/sign-ins", named))["issuer_version"] == 0
    assert beat(equipped, **never)["fetch"] == ["issuers"]
    assert ok(equipped.device.get("/terminals/issuers"))["version"] == 0
    assert (
        equipped.device.get(
            "/terminals/hotlist", Wish(covered=(*ALL[:2], "@query", ALL[2]), query="?since=900")
        ).status_code
        == 200
    )
    set_fares(world)
    assert beat(equipped, **never)["fetch"] == ["parameters", "issuers"]
    with reading(world.sessions) as session:
        for kind in AcknowledgedKind:
            assert acknowledged_version(session, equipped.terminal["id"], kind) is None


def test_missing_records_are_asked_for_once_a_day_and_answered(world: World) -> None:
    """The bus says that nothing was debited, in signed words; what it says about another bus's module closes nothing."""
    equipped, other = equip(world), equip(world, "bus 5")
    merchant_id = license_line(world)
    for one in (equipped, other):
        bind(world, one, merchant_id)
    gap = miss(world, equipped, 18, 20)
    begun = ok(equipped.device.post("/terminals/sign-ins", {"psam_serial": equipped.psam["psam_serial"]}))
    assert begun["gaps"] == [gap]
    assert beat(equipped)["gaps"] == []
    part = {**gap, "last": 19}
    assert ok(other.device.post("/terminals/gaps", {"no_debit": [part]}))["closed"] == []
    assert ok(equipped.device.post("/terminals/gaps", {"no_debit": [part]}))["closed"] == [part]
    assert ok(equipped.device.post("/terminals/gaps", {"no_debit": [part]}))["closed"] == []
    world.clock.advance(timedelta(days=1))
    equipped.device.now = world.clock()
    assert beat(equipped)["gaps"] == [{**gap, "first": 20}]
    problem(equipped.device.post("/terminals/gaps", {"no_debit": []}), 422, "shape_invalid")


def test_shift_is_signed_out_with_its_totals(world: World) -> None:
    """A shift that was never begun cannot end; one without a ride ends at once, as often as the answer gets lost."""
    equipped = equip(world)
    totals = {
        "batch": 1,
        "psam_serial": equipped.psam["psam_serial"],
        "first_sequence": 0,
        "last_sequence": 0,
        "records": 0,
        "amount_fen": 0,
    }
    problem(equipped.device.post("/terminals/sign-outs", totals), 404, "unknown_shift")
    begun = ok(equipped.device.post("/terminals/sign-ins", {"psam_serial": equipped.psam["psam_serial"]}))
    assert begun["most_records"] == 5_000
    done = [ok(equipped.device.post("/terminals/sign-outs", {**totals, "batch": begun["batch"]})) for _ in range(2)]
    assert done[0] == done[1]
    assert (done[0]["agrees"], done[0]["missing"]) == (True, [])
    ride = {**totals, "first_sequence": 1, "last_sequence": 2, "records": 1, "amount_fen": 180}
    late = ok(equipped.device.post("/terminals/sign-outs", ride))
    assert (late["agrees"], late["records"], late["missing"]) == (False, 0, [{"first": 1, "last": 2}])
    problem(equipped.device.post("/terminals/sign-outs", {**ride, "last_sequence": 0}), 422, "sign_out_invalid")
