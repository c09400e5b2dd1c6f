"""What a client gets when something is refused or broken."""

import logging
from typing import NoReturn

import pytest
from psycopg.errors import AdminShutdown
from sqlalchemy.exc import OperationalError

from api.application import open_doors
from api.city import EXTENSION
from api.problems import problem as build
from api.problems import shape_invalid
from api.routes import ACCESS, OPEN
from citizencard.staff.permissions import Role
from tests.api.world import World, problem

SECRET = "11010519491231002X"


def test_unknown_address_is_a_problem(world: World) -> None:
    """A client that mistypes an address gets the same kind of answer as for any refusal."""
    found = problem(world.anybody().get("/v1/nothing"), 404, "not_found")
    assert found["instance"] == "/v1/nothing"


def test_wrong_method_names_the_right_ones(world: World) -> None:
    """Whoever uses the wrong method is told which there are (RFC 9110 requires it)."""
    answer = world.anybody().delete("/v1/outlets")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "OPTIONS, POST"


def test_every_wrong_field_is_named_with_its_place(world: World) -> None:
    """A form can mark every field that is wrong at once, not one after the other."""
    body = {"batch": "", "chip_serials": ["A1B2C3D4E5F60718", "zz"], "more": 1}
    found = problem(world.as_(Role.STOCK_KEEPER).post("/v1/card-stock", body), 422, "shape_invalid")
    assert {error["pointer"] for error in found["errors"]} == {"/batch", "/chip_serials/1", "/more"}
    listed = problem(world.as_(Role.FINANCE).get("/v1/lines?limit=0&x=1"), 422, "shape_invalid")
    assert {error["parameter"] for error in listed["errors"]} == {"limit", "x"}


def test_names_with_slashes_are_escaped_in_pointers(world: World) -> None:
    """A pointer leads to the field it means (RFC 6901)."""
    with world.app.test_request_context("/"):
        found = shape_invalid({"json": {"a/b~c": ["wrong"]}}).get_json(force=True)
    assert found["errors"] == [{"pointer": "/a~1b~0c", "detail": "wrong"}]


def test_title_follows_the_language_of_the_caller(world: World) -> None:
    """A Chinese page shows Chinese titles without a table of its own."""
    english = problem(world.anybody().get("/v1/outlets-none"), 404, "not_found")
    chinese = world.anybody().get("/v1/outlets-none", Accept_Language="zh-CN,zh;q=0.9")
    assert english["title"] == "Not Found"
    assert problem(chinese, 404, "not_found")["title"] == "没有找到"
    assert chinese.headers["Content-Language"] == "zh-Hans"


def test_field_never_replaces_a_member(world: World) -> None:
    """The status in a problem is the answer's status, whatever the refusal is about."""
    with world.app.test_request_context("/"):
        found = build(409, "x", "X", "y", {"status": "linked", "card_id": "card_1"}).get_json(force=True)
    assert (found["status"], found["refused_status"], found["card_id"]) == (409, "linked", "card_1")


def test_fault_of_ours_tells_a_reference_and_nothing_else(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A stranger learns nothing from a fault, and a log that is stolen holds nobody's number."""

    def break_down() -> NoReturn:
        raise ValueError(f"the number {SECRET} is wrong")

    _add(world, "/break", break_down)
    with caplog.at_level(logging.INFO, "citizencard.api"):
        answer = world.anybody().get("/break")
    found = problem(answer, 500, "internal_error")
    assert SECRET not in answer.get_data(as_text=True)
    assert SECRET not in caplog.text
    assert found["reference"] in caplog.text
    assert "ValueError" in caplog.text
    assert "break_down" in caplog.text


@pytest.mark.parametrize(
    "error",
    [OperationalError("SELECT 1", {}, Exception("connection refused")), AdminShutdown("terminating connection")],
)
def test_database_that_is_away_asks_for_patience(world: World, error: Exception) -> None:
    """A terminal keeps its records and tries again when the database is restarted: 503, not a refusal, whoever noticed it."""

    def lose_the_database() -> NoReturn:
        raise error

    _add(world, "/away", lose_the_database)
    answer = world.anybody().get("/away")
    problem(answer, 503, "database_away")
    assert answer.headers["Retry-After"] == "2"


def _add(world: World, path: str, view: object) -> None:
    world.app = open_doors(world.app.extensions[EXTENSION])  # of this test's own: it gets one more address
    world.app.add_url_rule(path, path, view)  # type: ignore[arg-type] # a view that only raises
    ACCESS[("GET", path)] = OPEN


@pytest.fixture(autouse=True)
def _table_as_it_was() -> object:
    """Take back what a test adds to the table of routes."""
    before = dict(ACCESS)
    yield
    ACCESS.clear()
    ACCESS.update(before)
