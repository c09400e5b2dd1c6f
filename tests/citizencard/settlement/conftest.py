"""A day of rides, uploaded and judged."""

from datetime import datetime

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.purse.uploads.make_records import City
from tests.citizencard.settlement.day_of_taps import ride


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters, which knows the keys of the day's cards."""
    return regression_vault(tmp_path_factory.mktemp("regression"))


@pytest.fixture
def day_of_taps(sessions: Sessions, regression: SoftwareVault, now: datetime) -> City:
    """A city with three accepted rides of today."""
    return ride(sessions, regression, now)
