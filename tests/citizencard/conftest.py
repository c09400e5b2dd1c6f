"""A key vault for tests that store something encrypted."""

import pytest

from citizencard.audit import Actor
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import random_vault


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """Random keys of the test realm; tests do not change it."""
    return random_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def clerk() -> Actor:
    """Somebody at a counter."""
    return Actor("staff", "stf_clerk", "P-0001", "clerk", "counter-1", "req-1")


@pytest.fixture
def supervisor() -> Actor:
    """Somebody else, who checks what the clerk does."""
    return Actor("staff", "stf_supervisor", "P-0002", "supervisor", "office-1", "req-2")
