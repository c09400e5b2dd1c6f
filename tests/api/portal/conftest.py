"""A home with a resident, and a desk with a reader."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.api.portal.household import Home, at_home
from tests.api.world import Clock
from tests.citizencard.cards.make_cards import resident


@pytest.fixture
def home(sessions: Sessions, api_vault: SoftwareVault, now: datetime, tmp_path: Path) -> Iterator[Home]:
    """A household with a water bill to come, ¥200 in the account."""
    with at_home(sessions, api_vault, Clock(now), tmp_path) as home:
        yield home


@pytest.fixture
def person_id(home: Home) -> str:
    """Somebody who can be given a card: registered, linked to social security."""
    return resident(home.world.sessions, home.world.vault, home.world.clock()).id
