"""The vault that the tests of loads share."""

import pytest

from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import random_vault


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """A vault of random keys of the test realm; tests do not change it."""
    return random_vault(tmp_path_factory.mktemp("vault"))
