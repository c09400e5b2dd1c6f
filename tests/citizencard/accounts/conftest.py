"""The vault whose keys the test cards were made with."""

import pytest

from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import regression_vault


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters."""
    return regression_vault(tmp_path_factory.mktemp("vault"))
