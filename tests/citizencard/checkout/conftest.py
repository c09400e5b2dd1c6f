"""An office for every test of this folder."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from citizencard.db import Sessions
from tests.citizencard.billing.make_bills import Waterworks
from tests.citizencard.checkout.make_checkout import Office, office


@pytest.fixture
def desk(sessions: Sessions, now: datetime) -> Iterator[Office]:
    """An office that leaves no trace."""
    with office(Waterworks.open(sessions, now)) as opened:
        yield opened
