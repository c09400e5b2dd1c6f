"""When a day was closed."""

from datetime import datetime, timedelta

import pytest

from citizencard.db import Sessions, reading, transaction
from citizencard.settlement.days import closed_at
from citizencard.settlement.errors import DayNotClosed
from citizencard.settlement.flow import DayClosing, settle_day
from tests.citizencard.settlement.make import DAY, FINANCE, NEXT_DAY, begin


def test_closed_day_knows_when_it_was_closed(sessions: Sessions, now: datetime) -> None:
    """The answer about a day is the same tomorrow: it names the instant of the close, not of the question."""
    with transaction(sessions) as session:
        begin(session, now)
    with reading(sessions) as session, pytest.raises(DayNotClosed):
        closed_at(session, DAY)
    settled = settle_day(sessions, DayClosing(DAY, NEXT_DAY), FINANCE, now + timedelta(hours=1))
    with reading(sessions) as session:
        assert closed_at(session, DAY) == settled.closed.closed_at
        with pytest.raises(DayNotClosed):
            closed_at(session, NEXT_DAY)
