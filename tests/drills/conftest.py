"""The vault that drills stand on."""

import pytest

from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import random_vault


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """Random keys of the test realm; drills do not change it."""
    return random_vault(tmp_path_factory.mktemp("vault"))
