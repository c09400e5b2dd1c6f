"""The vault and the city that journeys stand on."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import random_vault
from tests.journeys.world import World


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """Random keys of the test realm; journeys do not change it."""
    return random_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def world(sessions: Sessions, vault: SoftwareVault, tmp_path: Path, now: datetime) -> Iterator[World]:
    """A city on each database, rolled back afterwards."""
    made = World.found(sessions, vault, tmp_path, now)
    yield made
    made.close()
