"""Vaults that the tests of the keys share; making one costs a file and a cheap argon2."""

from pathlib import Path

import pytest

from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import random_vault, regression_vault


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters; tests do not change it."""
    return regression_vault(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def vault(tmp_path: Path) -> SoftwareVault:
    """A vault of random keys of this test's own."""
    return random_vault(tmp_path)
