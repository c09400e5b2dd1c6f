"""The vault that a test of custody changes."""

from pathlib import Path

import pytest

from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import random_vault


@pytest.fixture
def vault(tmp_path: Path) -> SoftwareVault:
    """A vault of random keys of this test's own."""
    return random_vault(tmp_path)
