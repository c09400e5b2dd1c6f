"""Who may do what, tried at every route for every role."""

from datetime import timedelta

import pytest

from api.routes import ACCESS, Door
from citizencard.staff.permissions import STAFF_ROLES, Role
from tests.api.test_journey import issue_card
from tests.api.test_matrix import address, granted
from tests.api.web.browser import signed_in
from tests.api.world import Caller, World, ok, problem

STAFF_ROUTES = [(method, path, access) for (method, path), access in ACCESS.items() if access.door is Door.STAFF]


def test_nobody_comes_in_without_a_session(world: World) -> None:
    """No route of staff answers a stranger, nor a token that somebody made up."""
    stranger, forger = world.anybody(), Caller(world.app.test_client(), {"Authorization": "Bearer made-up"})
    for method, path, _ in STAFF_ROUTES:
        answer = stranger.send(method, address(path), None)
        problem(answer, 401, "not_signed_in")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        problem(forger.send(method, address(path), None), 401, "session_ended")


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_role_may_do_what_the_table_says_and_nothing_else(world: World, role: Role) -> None:
    """Each role is let in exactly where it has work to do; with every other route of the city it gets a refusal and no effect."""
    caller = world.as_(role)
    for method, path, access in STAFF_ROUTES:
        if path.endswith("/current"):
            continue  # ends the session that this test uses
        answer = caller.send(method, address(path), {} if method != "GET" else None)
        if role in granted(access):
            assert answer.status_code not in (401, 403, 500), (role, method, path, answer.get_data(as_text=True))
        else:
            problem(answer, 403, "permission_denied")


def test_nul_in_an_address_names_nothing(world: World) -> None:
    """A character that no text of the database can hold is an unknown address, on pages and in the interface, and no fault of ours."""
    caller, browser = world.as_(Role.SUPERVISOR), signed_in(world, Role.SUPERVISOR)
    problem(caller.get("/v1/people/per_%00"), 404, "not_found")
    problem(caller.get("/v1/approvals?starting_after=%00"), 404, "not_found")
    for path in ("/console/people/per_%00", "/console/cards/%00/loss", "/console/approvals?after=%00"):
        assert browser.get(path).status_code == 404, path
        assert "text/html" in browser.answer.content_type


def test_session_ends_when_it_is_closed(world: World) -> None:
    """Whoever signs out is out: the token opens nothing any more."""
    caller = world.as_(Role.AUDITOR)
    ok(caller.get("/v1/trial-balance"))
    assert caller.delete("/v1/staff-sessions/current").status_code == 204
    problem(caller.get("/v1/trial-balance"), 401, "session_ended")


def test_session_ends_when_nobody_uses_it(world: World) -> None:
    """A counter that was left alone for a quarter of an hour is locked."""
    caller = world.as_(Role.AUDITOR)
    world.clock.advance(timedelta(minutes=16))
    problem(caller.get("/v1/trial-balance"), 401, "session_ended")


def test_decision_needs_a_fresh_code(world: World) -> None:
    """A supervisor who left the desk for a coffee has not approved anything meanwhile."""
    caller = world.as_(Role.SUPERVISOR)
    world.clock.advance(timedelta(minutes=6))
    found = problem(caller.post("/v1/approvals/apr_none/decisions", {"decision": "approve"}), 403, "fresh_code_needed")
    assert found["max_age_s"] == 300


def test_head_is_as_guarded_as_get(world: World) -> None:
    """There is no way round the table by another method."""
    assert world.anybody().send("HEAD", "/v1/trial-balance", None).status_code == 401


def test_clerk_takes_no_cash_into_another_outlets_till(world: World) -> None:
    """Cash lies where the clerk works, or nowhere."""
    admin = world.as_(Role.SYSTEM_ADMIN)
    here, there = (ok(admin.post("/v1/outlets", {"name": name}))["id"] for name in ("here", "there"))
    till = ok(admin.post("/v1/tills", {"outlet_id": there, "name": "1"}))["id"]
    clerk = world.as_(Role.CLERK, outlet_id=here)
    body = {"card_id": "card_none", "amount_fen": 100, "till_id": till}
    problem(clerk.post("/v1/loads", body), 403, "elsewhere_refused")


def test_supervisor_gives_nothing_back_out_of_another_outlets_till(world: World) -> None:
    """What was paid in one outlet is given back there, whoever asks elsewhere."""
    admin = world.as_(Role.SYSTEM_ADMIN)
    here, there = (ok(admin.post("/v1/outlets", {"name": name}))["id"] for name in ("here", "there"))
    till = ok(admin.post("/v1/tills", {"outlet_id": there, "name": "1"}))["id"]
    card, _ = issue_card(world)
    body = {"card_id": card["id"], "amount_fen": 100, "till_id": till}
    load = ok(world.as_(Role.CLERK).post("/v1/loads", body))
    path = f"/v1/loads/{load['id']}/give-backs"
    problem(world.as_(Role.SUPERVISOR, outlet_id=here).post(path, {"reason": "asked"}), 403, "elsewhere_refused")
    problem(world.as_(Role.SUPERVISOR, outlet_id=there).post(path, {"reason": "asked"}), 409, "load_state_forbids")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer " + "x" * 200])
def test_header_that_is_no_token_is_no_session(world: World, header: str) -> None:
    """A broken header is a stranger."""
    caller = Caller(world.app.test_client(), {"Authorization": header})
    problem(caller.get("/v1/trial-balance"), 401, "not_signed_in")
