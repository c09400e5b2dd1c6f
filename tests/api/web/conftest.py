"""A city whose application has one more page, as authors of pages write it."""

import pytest

from api.routes import ACCESS
from tests.api.web import sample
from tests.api.world import World


@pytest.fixture
def town(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A city with the sample page."""
    for route, access in sample.ROUTES.items():
        monkeypatch.setitem(ACCESS, route, access)
    sample.register(world.app)
    return world
