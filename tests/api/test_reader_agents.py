"""A workstation over HTTP on both sides: the server's interface, a real reader agent, and the page between them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest

from citizencard.staff.permissions import Role
from citizencard.workstations.messages import fingerprint
from tests.api.world import Caller, World, ok, problem
from tests.citizencard.cards.make_cards import application, blank
from tests.citizencard.staff.make_staff import PASSWORD, make_active_staff
from tests.citizencard.workstations.desk import MAX_STEPS, Desk, at_desk

HERE = "http://127.0.0.1:8000"
NEW = "an entirely new password"


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    """A desk at the origin of the test's settings."""
    with at_desk(tmp_path / "desk", world.clock(), HERE) as desk:
        yield desk


def outlet(world: World) -> str:
    return str(ok(world.as_(Role.SYSTEM_ADMIN).post("/v1/outlets", {"name": "人民路服务厅"}))["id"])


def paired(clerk: Caller, desk: Desk, outlet_id: str | None = None) -> str:
    """Pair the desk's agent as a page does."""
    offer = ok(clerk.get("/v1/reader-agents/offer"))
    said, code = desk.say({"origin": offer["origin"], "server_key": offer["server_key"]})
    body = {"name": "counter 1", "outlet_id": outlet_id, "code": code, "said": said}
    agent = ok(clerk.post("/v1/reader-agents", body))
    assert (agent["state"], agent["realm"], agent["id"]) == ("paired", "test", desk.folder.agent)
    return str(agent["id"])


def run(clerk: Caller, desk: Desk, agent: str, job: dict[str, Any]) -> dict[str, Any]:
    """What the page's script does."""
    handed = ok(clerk.post(f"/v1/reader-agents/{agent}/jobs", job))
    for _ in range(MAX_STEPS):
        if handed["done"]:
            return handed
        said = {"answer": desk.carry(handed["signed"])} | ({"token": handed["token"]} if handed["token"] else {})
        handed = ok(clerk.post(f"/v1/reader-agents/{agent}/answers", said))
    raise AssertionError("the job does not end")


def test_clerk_makes_a_card_at_a_desk(world: World, desk: Desk) -> None:
    """Paired by a clerk, confirmed by a supervisor, and the next citizen walks out with a card."""
    clerk, supervisor = world.as_(Role.CLERK), world.as_(Role.SUPERVISOR)
    card = application(world.sessions, world.vault, world.clock())
    desk.put_in(blank(world.sessions, world.vault, world.clock()))
    agent = paired(clerk, desk)
    job = {"kind": "personalise", "subject_id": card.id}
    problem(clerk.post(f"/v1/reader-agents/{agent}/jobs", job), 409, "agent_not_confirmed")
    confirmation = {"fingerprint": fingerprint(desk.folder.public_key)}
    path = f"/v1/reader-agents/{agent}/confirmations"
    problem(clerk.post(path, confirmation), 403, "permission_denied")
    problem(supervisor.post(path, {"fingerprint": "0000"}), 422, "fingerprint_differs")
    assert ok(supervisor.post(path, confirmation))["state"] == "confirmed"
    end = run(clerk, desk, agent, job)
    assert (end["outcome"], end["object"]) == ("personalised", "agent_step")
    assert ok(clerk.get(f"/v1/reader-jobs/{end['job_id']}"))["done"]
    assert ok(clerk.get(f"/v1/cards/{card.id}"))["state"] == "personalised"
    assert [seen["id"] for seen in ok(clerk.get("/v1/reader-agents"))["data"]] == [agent]
    assert supervisor.delete(f"/v1/reader-agents/{agent}").status_code == 204
    problem(clerk.post(f"/v1/reader-agents/{agent}/jobs", job), 409, "agent_ended")


def test_supervisor_does_not_confirm_what_he_paired(world: World, desk: Desk) -> None:
    """One person alone makes no reader agent."""
    supervisor = world.as_(Role.SUPERVISOR)
    agent = paired(supervisor, desk)
    path = f"/v1/reader-agents/{agent}/confirmations"
    answer = supervisor.post(path, {"fingerprint": fingerprint(desk.folder.public_key)})
    problem(answer, 403, "agent_paired_by_yourself")


def test_agent_belongs_to_its_outlet(world: World, desk: Desk) -> None:
    """A clerk of another outlet neither sees nor uses nor ends the readers of this one."""
    here = outlet(world)
    there = str(ok(world.as_(Role.SYSTEM_ADMIN).post("/v1/outlets", {"name": "东门"}))["id"])
    ours, foreign = world.as_(Role.CLERK, outlet_id=here), world.as_(Role.CLERK, outlet_id=there)
    agent = paired(ours, desk, here)
    job = {"kind": "personalise", "subject_id": "card_none"}
    for answer in (
        foreign.post(f"/v1/reader-agents/{agent}/jobs", job),
        foreign.post(f"/v1/reader-agents/{agent}/answers", {"answer": {"session": "ags_none"}}),
        foreign.delete(f"/v1/reader-agents/{agent}"),
        foreign.post("/v1/reader-agents", {"name": "x", "outlet_id": here, "code": "A", "said": {}}),
    ):
        assert answer.status_code in {403, 404}, answer.get_json(force=True)
    nowhere: dict[str, Any] = {"name": "x", "outlet_id": None, "code": "A", "said": {}}
    problem(foreign.post("/v1/reader-agents", nowhere), 403, "elsewhere_refused")
    assert ok(foreign.get("/v1/reader-agents"))["data"] == []
    assert len(ok(ours.get("/v1/reader-agents"))["data"]) == 1


def test_what_no_agent_said_is_refused(world: World, desk: Desk) -> None:
    """Made-up pairings and answers get a clear refusal and leave nothing behind."""
    clerk = world.as_(Role.CLERK)
    body = {"name": "x", "code": "A", "said": {"agent": "me"}}
    problem(clerk.post("/v1/reader-agents", body), 422, "agent_message_malformed")
    offer = ok(clerk.get("/v1/reader-agents/offer"))
    said, _ = desk.say({"origin": offer["origin"], "server_key": offer["server_key"]})
    problem(clerk.post("/v1/reader-agents", {**body, "said": said}), 422, "agent_pairing_refused")
    assert ok(clerk.get("/v1/reader-agents"))["data"] == []
    problem(
        clerk.post("/v1/reader-agents/agt_none/jobs", {"kind": "load", "subject_id": "load_1"}), 404, "unknown_agent"
    )
    problem(
        clerk.post("/v1/reader-agents/agt_none/jobs", {"kind": "x", "subject_id": "load_1"}), 422, "unknown_job_kind"
    )
    problem(clerk.post("/v1/reader-agents/agt_none/answers", {"answer": {}}), 404, "unknown_agent_session")


def test_password_change_ends_the_session(world: World) -> None:
    """A clerk who changes the password is signed out at once, and only the new one opens the door."""
    active = make_active_staff(world.sessions, world.vault, world.clock())
    anybody, sign_in = world.anybody(), {"login": active.login, "workstation": "counter-1"}

    def code() -> str:
        world.clock.advance(timedelta(seconds=30))
        return pyotp.TOTP(active.totp_secret).at(world.clock())

    opened = ok(anybody.post("/v1/staff-sessions", {**sign_in, "password": PASSWORD, "totp": code()}))
    clerk = Caller(world.app.test_client(), {"Authorization": f"Bearer {opened['token']}"})
    path, wish = "/v1/staff-sessions/current/password", {"password": PASSWORD, "new_password": NEW}
    problem(clerk.post(path, {**wish, "new_password": "short", "totp": code()}), 422, "password_unfit")
    problem(clerk.post(path, {**wish, "totp": "000000"}), 401, "sign_in_refused")
    assert clerk.post(path, {**wish, "totp": code()}).status_code == 204
    problem(clerk.get("/v1/reader-agents"), 401, "session_ended")
    problem(
        anybody.post("/v1/staff-sessions", {**sign_in, "password": PASSWORD, "totp": code()}), 401, "sign_in_refused"
    )
    ok(anybody.post("/v1/staff-sessions", {**sign_in, "password": NEW, "totp": code()}))
