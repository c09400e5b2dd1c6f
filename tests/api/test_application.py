"""The application as a whole."""

import logging

import pytest
from werkzeug.routing import ValidationError

from api.application import DayConverter
from citizencard.staff.permissions import Role
from tests.api.test_journey import NUMBER
from tests.api.world import World, ok


def test_every_answer_names_its_request(world: World) -> None:
    """Whoever reports a problem can be found in the log by one word."""
    caller = world.anybody()
    names = {caller.get(path).headers["X-Request-Id"] for path in ("/healthz", "/healthz", "/nowhere", "/v1/outlets")}
    assert len(names) == 4
    assert all(name.startswith("req_") for name in names)


def test_log_holds_nobodys_number_name_or_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The log says which route was asked and how it ended, and nothing that somebody entered."""
    clerk = world.as_(Role.CLERK)
    with caplog.at_level(logging.DEBUG):
        person = ok(clerk.post("/v1/people", {"document_number": NUMBER, "name": "张三", "phone": "13800138000"}))
        clerk.get(f"/v1/people/{person['id']}?document_number={NUMBER}")
    token = clerk.headers["Authorization"].split()[1]
    assert "POST /v1/people 201" in caplog.text
    assert "/v1/people/<person_id>" in caplog.text
    for secret in (NUMBER, "张三", "13800138000", token):
        assert secret not in caplog.text


def test_day_in_an_address_is_a_day() -> None:
    """An address with a date that no calendar has leads nowhere."""
    converter = DayConverter.__new__(DayConverter)
    assert converter.to_url(converter.to_python("2026-11-21")) == "2026-11-21"
    for wrong in ("2026-11-31", "20261121", "2026-W47-6", "today"):
        with pytest.raises(ValidationError):
            converter.to_python(wrong)
