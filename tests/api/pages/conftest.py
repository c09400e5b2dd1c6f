"""The pages before three databases: an empty one, a city where nothing has happened yet, and a city of taps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api import create_app
from citizencard.config import Settings
from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_records
from tests.api.doors import shared_doors
from tests.api.world import Clock
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.purse.uploads.make_records import City, anchored, json_of, make_city, tap
from tests.citizencard.staff.make_staff import CHEAP

Visit = Callable[[], FlaskClient]


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault that the city's cards sign under."""
    return regression_vault(tmp_path_factory.mktemp("pages"))


@pytest.fixture
def visit(sessions: Sessions, vault: SoftwareVault, tmp_path: Path, now: datetime) -> Visit:
    """Open the application as a newcomer's browser does; each visit is to a server that has just started."""

    def client() -> FlaskClient:
        settings = Settings("sqlite:///unused", tmp_path / "vault", tmp_path / "passphrase", "test")
        app = create_app(settings, vault, sessions, now=Clock(now), passwords=CHEAP, doors=shared_doors)
        return app.test_client()

    return client


@pytest.fixture
def city(sessions: Sessions, now: datetime) -> City:
    """A city in which nothing has happened yet."""
    return make_city(sessions, now)


@pytest.fixture
def ridden(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> City:
    """The city after a full fare, a transfer, a free ride, a wrong price and a lost card."""
    first = tap(city.bus1, city.adult, now - timedelta(minutes=20), 180)
    records = [
        first,
        tap(city.bus1, city.senior, now - timedelta(minutes=4), 0),
        tap(city.bus1, city.adult, now - timedelta(minutes=4, seconds=20), 50),
        tap(city.bus1, city.lost, now - timedelta(minutes=2), 180),
    ]
    take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, records), now)
    change = [tap(city.bus2, city.adult, now - timedelta(minutes=1), 80, **anchored(first))]
    take_records(sessions, vault, city.bus2.terminal_id, json_of(city.bus2, change), now)
    return city
