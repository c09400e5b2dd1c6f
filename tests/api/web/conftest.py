"""A city whose application has one more page, as authors of pages write it."""

from collections.abc import Callable

import pytest
from flask import Flask

from api.application import open_doors
from api.city import City
from api.routes import ACCESS
from tests.api.web import sample
from tests.api.world import World


@pytest.fixture
def doors() -> Callable[[City], Flask]:
    """An application of its own for each test: the sample page is added to it."""
    return open_doors


@pytest.fixture
def town(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A city with the sample page."""
    for route, access in sample.ROUTES.items():
        monkeypatch.setitem(ACCESS, route, access)
    sample.register(world.app)
    return world
