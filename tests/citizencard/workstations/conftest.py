"""A desk with its agent, and the server that it belongs to."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.workstations.desk import Counter, Desk, at_desk


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters."""
    return regression_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def desk(tmp_path: Path, now: datetime) -> Iterator[Desk]:
    """A desk whose agent belongs to nobody yet."""
    with at_desk(tmp_path / "desk", now) as desk:
        yield desk


@pytest.fixture
def counter(sessions: Sessions, vault: SoftwareVault, desk: Desk) -> Counter:
    """The desk and the server on a database that is rolled back."""
    return Counter(sessions, vault, desk)
