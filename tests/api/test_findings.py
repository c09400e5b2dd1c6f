"""The queue of findings over HTTP: read, proposed, agreed to, noted; limits released; cards replaced."""

from collections.abc import Mapping
from typing import Any

from citizencard import chart
from citizencard.db import reading, transaction
from citizencard.purse.uploads.models import LimitKind, UploadLimit
from citizencard.staff.permissions import Role
from ledger import balance
from tests.api.doubts import Doubts
from tests.api.world import World, ok, problem


def page(world: World, query: str = "") -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = ok(world.as_(Role.SUPERVISOR).get(f"/v1/findings?limit=100{query}"))["data"]
    return found


def test_queue_is_read_filtered_and_counted(doubtful: Doubts) -> None:
    """One entry a tap, with all reasons, masked; filters choose, pages follow, totals add up."""
    _, second, third, fourth, forged, stray = doubtful.records
    found = {entry["id"]: entry for entry in page(doubtful.world)}
    assert set(found) == {f"tap_{number}" for number in (second, third, fourth, forged, stray)}
    entry = found[f"tap_{third}"]
    assert [reason["kind"] for reason in entry["reasons"]] == ["hotlisted"]
    assert (entry["open_fen"], entry["is_money"], entry["state"]) == (180, True, "open")
    assert entry["card_number"].startswith("····")
    assert doubtful.city.lost.serial.hex() not in str(found)
    assert [one["id"] for one in page(doubtful.world, "&kind=bad_tac")] == [f"tap_{forged}"]
    assert len(page(doubtful.world, "&money=true")) == 3
    assert page(doubtful.world, "&age=older") == []
    supervisor = doubtful.world.as_(Role.SUPERVISOR)
    begun = ok(supervisor.get("/v1/findings?limit=2"))
    rest = ok(supervisor.get(f"/v1/findings?starting_after={begun['data'][-1]['id']}"))
    assert begun["has_more"]
    assert len(rest["data"]) == 3
    totals = ok(supervisor.get("/v1/finding-totals?merchant_id=unknown"))
    assert totals["ages"][0] == {"age": "1d", "money": 1, "money_fen": 200, "others": 0}
    problem(supervisor.get("/v1/findings?state=lost"), 422, "shape_invalid")
    problem(supervisor.get("/v1/findings?starting_after=x"), 422, "shape_invalid")


def test_one_tap_is_shown_with_what_happened_around_it(doubtful: Doubts) -> None:
    """Who decides sees the tap, and what else the card and the terminal did."""
    third, fourth = doubtful.records[2:4]
    found = ok(doubtful.world.as_(Role.AUDITOR).get(f"/v1/findings/tap_{third}"))
    assert found["tap"]["id"] == f"tap_{third}"
    assert f"tap_{fourth}" in {tap["id"] for tap in found["around"]}
    problem(doubtful.world.as_(Role.AUDITOR).get("/v1/findings/tap_999999"), 404, "unknown_tap")
    problem(doubtful.world.as_(Role.AUDITOR).get("/v1/findings/lim_1"), 422, "shape_invalid")
    assert found["merchant_id"] == doubtful.city.merchant_id


def test_two_people_decide_and_the_money_moves_once(doubtful: Doubts) -> None:
    """A decision is proposed by one, agreed to by another in one request, and the queue says what became of the tap."""
    third, fourth = doubtful.records[2:4]
    lines = [
        {"tap_id": f"tap_{third}", "outcome": "holder", "amount_fen": 180},
        {"tap_id": f"tap_{fourth}", "outcome": "company", "amount_fen": 180},
    ]
    body = {"lines": lines, "reason": "the bus had no list"}
    approval = ok(doubtful.world.as_(Role.FINANCE).post("/v1/tap-decisions", body))
    assert approval["act"] == "tap.decide"
    (waiting, _) = page(doubtful.world, "&state=proposed")
    assert waiting["approval_id"] == approval["id"]
    problem(doubtful.world.as_(Role.FINANCE).post("/v1/tap-decisions", body), 409, "tap_proposed")
    path = f"/v1/approvals/{approval['id']}/decisions"
    problem(doubtful.world.as_(Role.FINANCE).post(path, {"decision": "approve"}), 403, "four_eyes_needed")
    ok(doubtful.world.as_(Role.SUPERVISOR).post(path, {"decision": "approve"}))
    problem(doubtful.world.as_(Role.SUPERVISOR).post(path, {"decision": "approve"}), 409, "approval_decided")
    with reading(doubtful.world.sessions) as session:
        assert balance(session, chart.due(doubtful.city.lost.card_id)).balance_fen == 360
    decided = {entry["id"]: entry["decision"] for entry in page(doubtful.world, "&state=decided")}
    assert decided[f"tap_{third}"]["outcome"] == "holder"
    assert decided[f"tap_{fourth}"]["reference"] == f"approval:{approval['id']}:2"


def test_clerks_and_auditors_decide_nothing(doubtful: Doubts) -> None:
    """Who only reads, or works at the counter, cannot propose a decision or note a finding."""
    third = doubtful.records[2]
    body = {"lines": [{"tap_id": f"tap_{third}", "outcome": "holder", "amount_fen": 180}], "reason": "mine"}
    for role in (Role.CLERK, Role.AUDITOR, Role.SYSTEM_ADMIN):
        problem(doubtful.world.as_(role).post("/v1/tap-decisions", body), 403, "permission_denied")
    assert doubtful.city.lost.card_id


def test_one_person_notes_what_moves_no_money(doubtful: Doubts) -> None:
    """A note with a reason takes a finding out of the queue; money is never settled by it."""
    _, second, third, *_ = doubtful.records
    supervisor = doubtful.world.as_(Role.SUPERVISOR)
    ok(supervisor.post("/v1/tap-notes", {"tap_ids": [f"tap_{second}"], "reason": "the fare had just changed"}))
    problem(supervisor.post("/v1/tap-notes", {"tap_ids": [f"tap_{second}"], "reason": "again"}), 409, "nothing_to_note")
    problem(supervisor.post("/v1/tap-notes", {"tap_ids": [f"tap_{third}"], "reason": "mine"}), 409, "tap_not_open")
    assert f"tap_{second}" not in {entry["id"] for entry in page(doubtful.world)}
    assert doubtful.city.lost.card_id


def test_limit_is_released_by_a_person_with_a_reason(doubtful: Doubts) -> None:
    """A terminal that sent too many bad records is judged again once somebody says why."""
    with transaction(doubtful.world.sessions) as session:
        limit = UploadLimit(
            kind=LimitKind.CARD,
            subject=doubtful.city.adult.serial.hex().upper(),
            cause_record_id=doubtful.records[4],
            set_at=doubtful.world.clock(),
        )
        session.add(limit)
    supervisor = doubtful.world.as_(Role.SUPERVISOR)
    (found,) = ok(supervisor.get("/v1/upload-limits"))["data"]
    assert found["subject"].startswith("····")
    path = f"/v1/upload-limits/{found['id']}/releases"
    problem(doubtful.world.as_(Role.CLERK).post(path, {"reason": "mine"}), 403, "permission_denied")
    assert ok(supervisor.post(path, {"reason": "its antenna was replaced"}))["released_at"] is not None
    problem(supervisor.post(path, {"reason": "again"}), 409, "limit_released")
    problem(supervisor.post("/v1/upload-limits/lim_x/releases", {"reason": "again"}), 422, "shape_invalid")
    assert ok(supervisor.get("/v1/upload-limits"))["data"] == []
