"""Keepers that the tests of the keys share; making one costs a file and a cheap argon2, or a token of SoftHSM."""

from pathlib import Path

import pytest

from citizencard.keys.keystore import KeyStore
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.keepers import Keepers
from tests.citizencard.keys.make_vault import random_vault, regression_vault


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters; tests do not change it."""
    return regression_vault(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def vault(tmp_path: Path) -> SoftwareVault:
    """A vault of random keys of this test's own."""
    return random_vault(tmp_path)


@pytest.fixture(scope="session", params=["vault", "token"])
def keepers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Keepers:
    """Both kinds of keepers, one after the other."""
    softhsm = request.getfixturevalue("softhsm") if request.param == "token" else None
    return Keepers(request.param, tmp_path_factory.mktemp("keepers"), softhsm)


@pytest.fixture(scope="session")
def asked(keepers: Keepers) -> KeyStore:
    """A keeper of the kind with the complete masters; tests do not change it."""
    return keepers.make()


@pytest.fixture
def keeper(keepers: Keepers) -> KeyStore:
    """A keeper of this test's own, with the complete masters."""
    return keepers.make()
