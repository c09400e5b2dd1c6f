"""The life of a tariff over HTTP: checked, previewed, agreed to, rolled back, withdrawn."""

from datetime import timedelta
from typing import Any

from citizencard.staff.permissions import Role
from tests.api.registry import TARIFF, approve, set_fares
from tests.api.world import World, ok, problem


def dearer() -> dict[str, Any]:
    """The tariff with 2.50 on line 26."""
    lines = {"26": {"mode": "bus", "fare": {"flat": "2.50"}}}
    return {**TARIFF, "transit": {**TARIFF["transit"], "lines": lines}}


def propose(world: World, document: dict[str, Any], effective_from: str | None) -> dict[str, Any]:
    return ok(
        world.as_(Role.FINANCE).post("/v1/tariff-versions", {"document": document, "effective_from": effective_from})
    )


def wall(world: World, **ahead: int) -> str:
    return (world.clock() + timedelta(**ahead)).isoformat(timespec="seconds")


def test_every_mistake_has_its_place_and_nothing_is_proposed(world: World) -> None:
    """Whoever writes a tariff asks until the list is empty; number and time need not be known yet."""
    finance = world.as_(Role.FINANCE)
    broken = {**dearer(), "currency": "yuan"}
    del broken["name"]
    found = ok(finance.post("/v1/tariff-checks", {"document": broken}))
    assert found == {
        "object": "tariff_check",
        "sound": False,
        "faults": [
            {"place": "name", "message": "is missing"},
            {
                "place": "currency",
                "message": "must be an ISO 4217 code such as CNY; what amounts and rules mean is checked once it is there",
            },
        ],
    }
    assert ok(finance.post("/v1/tariff-checks", {"document": dearer()}))["sound"] is True
    assert ok(world.as_(Role.SUPERVISOR).get("/v1/approvals"))["data"] == []
    problem(world.as_(Role.CLERK).post("/v1/tariff-checks", {"document": {}}), 403, "permission_denied")


def test_preview_says_what_changes(world: World) -> None:
    """Both people see the places that differ and what yesterday would have cost, before either agrees to anything."""
    set_fares(world)
    for role in (Role.FINANCE, Role.SUPERVISOR):
        found = ok(world.as_(role).post("/v1/tariff-previews", {"document": dearer()}))
        assert found["compared_with"] == 1
        assert found["differences"] == [{"place": "transit.lines.26.fare.flat", "before": "2.00", "after": "2.50"}]
        assert (found["simulation"]["taps"], found["simulation"]["complete"]) == (0, True)
    days = {"first_day": "2026-11-20", "last_day": "2026-11-19"}
    refused = world.as_(Role.FINANCE).post("/v1/tariff-previews", {"document": dearer(), **days})
    problem(refused, 422, "simulation_period_invalid")
    foreign = {"document": {**dearer(), "currency": "EUR"}}
    problem(world.as_(Role.FINANCE).post("/v1/tariff-previews", foreign), 422, "simulation_currency_foreign")


def test_one_step_back(world: World) -> None:
    """A wrong fare is in force: one request and one agreement later the earlier rules hold again, under a new number."""
    set_fares(world)
    approve(world, propose(world, dearer(), wall(world, minutes=1))["approval_id"])
    world.clock.advance(timedelta(minutes=2))
    finance = world.as_(Role.FINANCE)
    problem(finance.post("/v1/tariff-versions/2/rollbacks", {}), 409, "tariff_not_earlier")
    problem(finance.post("/v1/tariff-versions/9/rollbacks", {}), 404, "unknown_tariff_version")
    problem(world.as_(Role.SUPERVISOR).post("/v1/tariff-versions/1/rollbacks", {}), 403, "permission_denied")
    proposed = ok(finance.post("/v1/tariff-versions/1/rollbacks", {}))
    assert proposed["version"] == 3
    seen = ok(world.as_(Role.SUPERVISOR).get(f"/v1/approvals/{proposed['approval_id']}"))
    assert (seen["act"], seen["payload"]["restores"], seen["payload"]["effective_from"]) == (
        "tariff.roll_back",
        1,
        None,
    )
    assert seen["details"]["transit"] == TARIFF["transit"]
    world.clock.advance(timedelta(minutes=2))
    approve(world, proposed["approval_id"])
    found = ok(finance.get("/v1/tariff-versions/3"))
    assert (found["state"], found["restores"], found["document"]["transit"]) == ("in_force", 1, TARIFF["transit"])
    assert found["proposed_by"] != found["approved_by"]
    states = [(one["version"], one["state"]) for one in ok(finance.get("/v1/tariff-versions"))["data"]]
    assert states == [(3, "in_force"), (2, "past"), (1, "past")]


def test_a_tariff_is_taken_back_before_its_time(world: World) -> None:
    """What was to come does not come once two have agreed; what has come is not taken back."""
    set_fares(world)
    approve(world, propose(world, dearer(), wall(world, minutes=5))["approval_id"])
    finance = world.as_(Role.FINANCE)
    assert ok(finance.get("/v1/tariff-versions/2"))["state"] == "waiting"
    problem(finance.post("/v1/tariff-versions/1/withdrawals", {}), 409, "tariff_begun")
    approve(world, ok(finance.post("/v1/tariff-versions/2/withdrawals", {"reason": "put off"}))["approval_id"])
    world.clock.advance(timedelta(minutes=6))
    states = [(one["version"], one["state"]) for one in ok(finance.get("/v1/tariff-versions"))["data"]]
    assert states == [(2, "withdrawn"), (1, "in_force")]
    problem(finance.post("/v1/tariff-versions/2/withdrawals", {}), 409, "tariff_withdrawn")


def test_a_file_is_proposed_as_it_is(world: World) -> None:
    """A whole document with its own time; its number is the next one."""
    document = {**dearer(), "version": 70, "effective_from": "2026-02-01T00:00:00+08:00"}
    assert propose(world, document, None)["version"] == 1
    approval = ok(world.as_(Role.SUPERVISOR).get("/v1/approvals"))["data"][0]
    details = ok(world.as_(Role.SUPERVISOR).get(f"/v1/approvals/{approval['id']}"))["details"]
    assert (details["version"], details["effective_from"]) == (1, "2026-02-01T00:00:00+08:00")
