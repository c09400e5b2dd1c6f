"""A small city whose days are cleared."""

from datetime import datetime

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.purse.uploads.make_records import TARIFF
from tests.citizencard.settlement.histories.make_histories import Nights


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters."""
    return regression_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def nights(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Nights:
    """A city without rules over histories, on a database that is rolled back afterwards; each chip has 1,000 yuan."""
    return Nights.begin(sessions, vault, now, TARIFF)
