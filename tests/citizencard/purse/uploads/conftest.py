"""The vault and the small city that tests of uploads stand on."""

from datetime import datetime

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.purse.uploads.make_records import City, make_city


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters."""
    return regression_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def city(sessions: Sessions, now: datetime) -> City:
    """The small city, on a database that is rolled back afterwards."""
    return make_city(sessions, now)
