"""What becomes of devices, over HTTP."""

from datetime import timedelta
from typing import Any

from citizencard.db import transaction
from citizencard.staff.permissions import Role
from citizencard.terminals.heartbeats import Heartbeat, record_heartbeat
from tests.api.registry import approve, bind, equip, license_line
from tests.api.signing import SigningDevice
from tests.api.world import Caller, World, ok, problem


def stock(world: World) -> Caller:
    return world.as_(Role.STOCK_KEEPER)


def test_stopped_at_once_by_one_and_speaking_again_by_two(world: World) -> None:
    """Its next request is refused; the second person's yes opens it again; the page of the device tells who and why."""
    equipped = equip(world)
    terminal, device = equipped.terminal["id"], equipped.device
    sign_in = {"psam_serial": equipped.psam["psam_serial"], "software": "1.0"}
    ok(device.post("/terminals/sign-ins", sign_in))
    stopped = ok(world.as_(Role.SUPERVISOR).post(f"/v1/terminals/{terminal}/disablings", {"reason": "stolen"}))
    assert stopped["state"] == "disabled"
    problem(device.post("/terminals/sign-ins", sign_in), 403, "terminal_disabled")
    again = world.as_(Role.SUPERVISOR).post(f"/v1/terminals/{terminal}/disablings", {"reason": "stolen"})
    problem(again, 409, "terminal_state_unchanged")
    proposed = ok(stock(world).post(f"/v1/terminals/{terminal}/enablings", {"reason": "found"}))
    problem(device.post("/terminals/sign-ins", sign_in), 403, "terminal_disabled")
    approve(world, proposed["approval_id"])
    ok(device.post("/terminals/sign-ins", sign_in))
    seen = ok(stock(world).get(f"/v1/terminals/{terminal}"))
    assert [(one["state"], one["reason"]) for one in seen["state_changes"]] == [
        ("active", "found"),
        ("disabled", "stolen"),
    ]


def test_codes(world: World) -> None:
    """A new device gets a code from one clerk; one that has a key only for the proposer of an approved invitation."""
    made = ok(stock(world).post("/v1/terminals", {"kind": "kiosk", "name": "kiosk 1"}))
    first = ok(stock(world).post(f"/v1/terminals/{made['id']}/codes", {}))
    assert first["enrolment_code"] not in (None, made["enrolment_code"])
    equipped = equip(world)
    path = f"/v1/terminals/{equipped.terminal['id']}"
    problem(stock(world).post(f"{path}/codes", {}), 403, "invitation_needed")
    proposed = ok(stock(world).post(f"{path}/invitations", {"reason": "new board"}))["approval_id"]
    problem(stock(world).post(f"{path}/codes", {"approval_id": proposed}), 409, "approval_not_given")
    approve(world, proposed)
    asked = {"approval_id": proposed}
    lost = ok(stock(world).post(f"{path}/codes", asked, Idempotency_Key="code-1"))["enrolment_code"]
    code = ok(stock(world).post(f"{path}/codes", asked, Idempotency_Key="code-1"))["enrolment_code"]
    assert None not in (lost, code)
    problem(stock(world).post(f"{path}/codes", asked), 409, "approval_already_executed")
    device = SigningDevice(world.app.test_client(), equipped.psam["terminal_number"], world.clock())
    enrolment = {"terminal": equipped.psam["terminal_number"], "public_key": device.public_key.hex()}
    problem(device.post("/terminals/enrolments", enrolment | {"code": lost}), 403, "enrolment_code_invalid")
    world.clock.advance(timedelta(seconds=1))
    ok(device.post("/terminals/enrolments", enrolment | {"code": code}))
    assert ok(stock(world).post(f"{path}/codes", asked, Idempotency_Key="code-1"))["enrolment_code"] is None


def test_list_tells_who_is_silent_and_who_is_behind(world: World) -> None:
    """Filters by kind, merchant, outlet, state, silence and lag, and the last word of each device."""
    merchant = license_line(world)
    outlet = ok(
        world.as_(Role.FINANCE).post(
            "/v1/merchant-outlets", {"merchant_id": merchant, "name": "Depot", "address": "1 Depot Road"}
        )
    )["id"]
    equipped = equip(world)
    terminal = equipped.terminal["id"]
    bind(world, equipped, merchant)
    placed = ok(stock(world).put(f"/v1/terminals/{terminal}/outlet", {"outlet_id": outlet}))
    assert placed["outlet_id"] == outlet
    ok(stock(world).post("/v1/terminal-software", {"kind": "bus_validator", "software": "validator 2"}))
    assert ok(stock(world).get("/v1/terminal-software"))["data"][0]["software"] == "validator 2"
    with transaction(world.sessions) as session:
        said = Heartbeat("validator 1", 0, 0, 12, world.clock() - timedelta(hours=2), -3, 1024, "printer")
        record_heartbeat(session, terminal, said, world.clock())
    found = listed(world, f"merchant_id={merchant}&outlet_id={outlet}&kind=bus_validator&state=active&behind=software")
    assert [one["id"] for one in found] == [terminal]
    assert (found[0]["behind"], found[0]["silent"], found[0]["line"]) == (["software"], False, 26)
    assert (found[0]["heartbeat"]["records_waiting"], found[0]["heartbeat"]["faults"]) == (12, "printer")
    assert listed(world, "silent=true") == []
    world.clock.advance(timedelta(hours=25))
    world.signed_in.clear()
    assert [one["id"] for one in listed(world, "silent=true")] == [terminal]
    assert listed(world, "behind=hotlist") == []
    problem(stock(world).get("/v1/terminals?silent=yes"), 422, "shape_invalid")


def test_binding_ends_by_four_eyes_and_is_remembered(world: World) -> None:
    """A bus that is sold earns for nobody from the second yes on; the history keeps whom it earned for."""
    equipped = equip(world)
    merchant, terminal = license_line(world), equipped.terminal["id"]
    unbind = {"terminal_id": terminal, "reason": "sold"}
    problem(stock(world).post("/v1/terminal-unbindings", unbind), 409, "terminal_not_bound")
    bind(world, equipped, merchant)
    world.clock.advance(timedelta(minutes=1))
    proposed = ok(stock(world).post("/v1/terminal-unbindings", unbind))
    approve(world, proposed["approval_id"])
    seen = ok(stock(world).get(f"/v1/terminals/{terminal}"))
    assert seen["merchant_id"] is None
    assert [(one["merchant_id"], one["end_approval_id"]) for one in seen["bindings"]] == [
        (merchant, proposed["approval_id"])
    ]


def test_gates_are_paired(world: World) -> None:
    """Entry and exit of a lot name each other."""
    made = [
        ok(stock(world).post("/v1/terminals", {"kind": f"parking_{way}", "name": way}))["id"]
        for way in ("entry", "exit")
    ]
    paired = ok(stock(world).put(f"/v1/terminals/{made[0]}/partner", {"partner_id": made[1]}))
    assert paired["partner_id"] == made[1]
    assert ok(stock(world).get(f"/v1/terminals/{made[1]}"))["partner_id"] == made[0]
    problem(stock(world).put(f"/v1/terminals/{made[0]}/partner", {"partner_id": made[0]}), 422, "terminal_kind_unfit")


def listed(world: World, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(stock(world).get(f"/v1/terminals?{query}"))["data"]
    return found
