"""A water company for every test of this folder."""

from datetime import datetime

import pytest

from citizencard.db import Sessions
from tests.citizencard.billing.make_bills import Waterworks


@pytest.fixture
def works(sessions: Sessions, now: datetime) -> Waterworks:
    """A water company that leaves no trace."""
    return Waterworks.open(sessions, now)
