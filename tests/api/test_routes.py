"""One table decides who may come in."""

import pytest

from api.idempotency import NEEDS_NO_KEY
from api.routes import ACCESS, Door
from citizencard.staff.permissions import GRANTS
from tests.api.world import World, problem

AUTOMATIC = {"HEAD", "OPTIONS"}


def routes(world: World) -> set[tuple[str, str]]:
    return {
        (method, str(rule)) for rule in world.app.url_map.iter_rules() for method in (rule.methods or set()) - AUTOMATIC
    }


def test_every_route_is_in_the_table_and_every_entry_is_a_route(world: World) -> None:
    """Nothing is open by oversight, and the table promises nothing that is not there."""
    assert routes(world) == set(ACCESS)


def test_route_that_is_not_in_the_table_is_shut(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A route that somebody adds and forgets answers nobody."""
    monkeypatch.delitem(ACCESS, ("GET", "/healthz"))
    problem(world.anybody().get("/healthz"), 403, "route_closed")


def test_every_permission_in_the_table_is_granted_to_somebody() -> None:
    """No route asks for a permission that nobody can have."""
    for route, access in ACCESS.items():
        for permission in access.permissions:
            assert GRANTS.get(permission), route


def test_staff_routes_ask_for_a_session_and_terminal_routes_for_a_signature() -> None:
    """Nothing about people, cards or money is open: only pages, health, sign-in, and how a device brings or changes its key are.

    Those two are signed as well: with the key that is brought, and with the one that is, or was, replaced.
    """
    for (_, path), access in ACCESS.items():
        if path.startswith("/v1/") and path not in ("/v1/staff-activations", "/v1/staff-sessions"):
            assert access.door is Door.STAFF, path
        if path.startswith("/terminals/") and path not in ("/terminals/enrolments", "/terminals/keys"):
            assert access.door is Door.TERMINAL, path


def test_routes_without_a_key_exist() -> None:
    """The list of exceptions holds no exception for something that is gone."""
    assert {path for method, path in ACCESS if method == "POST"} >= NEEDS_NO_KEY
