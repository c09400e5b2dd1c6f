"""What every request knows of its city."""

from datetime import timedelta

from api.city import city, now, request_id
from tests.api.world import World


def test_request_has_one_instant(world: World) -> None:
    """Everything that one request writes down happened at the same time, however long it takes."""
    with world.app.test_request_context("/"):
        first = now()
        world.clock.advance(timedelta(seconds=5))
        assert now() == first
    with world.app.test_request_context("/"):
        assert now() == first + timedelta(seconds=5)


def test_secrets_of_the_city_are_in_no_text(world: World) -> None:
    """Whatever prints the city prints neither its keys nor its database's address."""
    with world.app.test_request_context("/"):
        assert city().hsm is world.vault
        text = repr(city())
    assert "vault" not in text.lower() or "vault_file" in text
    assert "sqlite" not in text
    assert "SoftwareVault" not in text


def test_outside_of_requests_there_is_no_request() -> None:
    """A command that uses the same code is no request."""
    assert request_id() == ""
