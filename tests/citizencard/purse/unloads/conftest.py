"""The vault and the city that the tests of unloads share."""

from datetime import datetime

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import random_vault
from tests.citizencard.purse.loads.make_loads import City


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """A vault of random keys of the test realm; tests do not change it."""
    return random_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def city(sessions: Sessions, vault: SoftwareVault, now: datetime) -> City:
    """A city with an open day and a till."""
    return City.open(sessions, vault, now)
