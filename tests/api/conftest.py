"""A city behind HTTP for every test of this folder."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from api import create_app
from api.city import City
from citizencard.config import Settings
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from ledger import open_first_day
from tests.api.doors import shared_doors
from tests.api.doubts import Doubts, in_doubt
from tests.api.world import Clock, World
from tests.citizencard.keys.make_vault import random_vault, regression_vault
from tests.citizencard.staff.make_staff import CHEAP


@pytest.fixture(scope="session")
def api_vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """Random keys of the test realm."""
    return random_vault(tmp_path_factory.mktemp("api"))


@pytest.fixture
def doors() -> Callable[[City], Flask]:
    """How the application is made; tests that add a page need one of their own."""
    return shared_doors


@pytest.fixture
def make_world(
    api_vault: SoftwareVault, tmp_path: Path, now: datetime, doors: Callable[[City], Flask]
) -> Callable[[Sessions], World]:
    """Put the application before a database in which a first day is open."""

    def make(sessions: Sessions) -> World:
        clock = Clock(now)
        settings = Settings("sqlite:///unused", tmp_path / "vault", tmp_path / "passphrase", "test")
        app = create_app(settings, api_vault, sessions, now=clock, passwords=CHEAP, doors=doors)
        with transaction(sessions) as session:
            open_first_day(session, now.date(), now=now)
        return World(app, sessions, api_vault, clock)

    return make


@pytest.fixture
def world(make_world: Callable[[Sessions], World], sessions: Sessions) -> World:
    """A city that leaves no trace."""
    return make_world(sessions)


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters, which knows the keys of the cards of `tests.citizencard.purse.uploads`."""
    return regression_vault(tmp_path_factory.mktemp("regression"))


@pytest.fixture
def doubtful(sessions: Sessions, regression: SoftwareVault, tmp_path: Path, now: datetime) -> Doubts:
    """A city in which people have to decide about taps."""
    return in_doubt(sessions, regression, Clock(now), tmp_path)
