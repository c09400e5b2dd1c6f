"""Bodies that are no bodies."""

import pytest

from citizencard.staff.permissions import Role
from tests.api.world import World, problem

PATH = "/v1/outlets"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"name": NaN}',
        b"[" * 20_000,
        b'{"name": ' + b"1" * 5_000 + b"}",
        b"null",
        b'{"\\uD800": 1}',
        b'{"name": "\\ud83d"}',
    ],
    ids=["open", "list", "text", "not utf-8", "nan", "deep", "long number", "null", "half name", "half character"],
)
def test_body_that_is_no_object_is_refused(world: World, body: bytes) -> None:
    """Nothing that somebody sends brings the server down or gets a half answer."""
    caller = world.as_(Role.SYSTEM_ADMIN)
    headers = {**caller.headers, "Idempotency-Key": "k"}
    answer = caller.client.post(PATH, data=body, content_type="application/json", headers=headers)
    problem(answer, 400, "malformed_request")


def test_whole_characters_beyond_the_first_plane_are_taken(world: World) -> None:
    """A rare character in a name, written as a pair, is a character like any other."""
    caller = world.as_(Role.SYSTEM_ADMIN)
    headers = {**caller.headers, "Idempotency-Key": "k"}
    answer = caller.client.post(
        PATH, data=b'{"name": "\\ud840\\udc00"}', content_type="application/json", headers=headers
    )
    assert answer.status_code == 201


def test_body_of_another_type_is_refused(world: World) -> None:
    """A form or a file is not read as if it were JSON."""
    caller = world.as_(Role.SYSTEM_ADMIN)
    headers = {**caller.headers, "Idempotency-Key": "k"}
    answer = caller.client.post(PATH, data=b"name=x", content_type="application/x-www-form-urlencoded", headers=headers)
    problem(answer, 415, "unsupported_media_type")


def test_body_that_is_too_long_is_refused_unread(world: World) -> None:
    """Nobody fills the server's memory, signed in or not."""
    caller = world.as_(Role.SYSTEM_ADMIN)
    problem(caller.post(PATH, {"name": "x" * 600_000}), 413, "request_entity_too_large")
    problem(world.anybody().post("/v1/staff-sessions", {"login": "x" * 20_000}), 413, "request_entity_too_large")
