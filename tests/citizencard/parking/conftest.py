"""The vault whose keys the test cards were made with, and a lot."""

from datetime import datetime

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.parking.make_parking import Lot


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters."""
    return regression_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def lot(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Lot:
    """A lot with two gates, and a resident with ¥100 in the account."""
    return Lot.open(sessions, vault, now)
