"""A day with taps in doubt."""

from datetime import datetime

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.purse.uploads.make_records import City
from tests.citizencard.settlement.findings.make_findings import doubtful_day


@pytest.fixture
def doubtful(sessions: Sessions, regression: SoftwareVault, now: datetime) -> City:
    """The city after its doubtful day was uploaded."""
    return doubtful_day(sessions, regression, now)
