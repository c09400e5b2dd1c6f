"""The clock of a server that starts."""

from datetime import datetime, timedelta

import pytest

from citizencard.audit import Actor, record
from citizencard.db import Sessions, transaction
from citizencard.settlement.clocks import TOLERANCE, ClockWrong, check_clock


def test_clock_behind_the_records_is_refused(sessions: Sessions, now: datetime) -> None:
    """A server whose clock fell back does not write a second history over the first."""
    check_clock(sessions, now)
    with transaction(sessions) as session:
        record(session, Actor("system", "test"), "test", "x", now=now)
    check_clock(sessions, now - TOLERANCE)
    with pytest.raises(ClockWrong):
        check_clock(sessions, now - TOLERANCE - timedelta(seconds=1))
