"""A server whose clock is behind its own records would book into the past: checked when it starts."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from citizencard.audit import AuditEntry
from citizencard.db import Sessions, reading
from citizencard.errors import CitizencardError

TOLERANCE: Final = timedelta(minutes=5)
"""As much as clocks of two servers of one city may differ (terminals are allowed the same)."""


class ClockWrong(CitizencardError):
    """This machine's clock is behind what the database has already recorded."""

    code = "clock_wrong"


def check_clock(sessions: Sessions, now: datetime) -> None:
    """Refuse a clock that is more than five minutes behind the last thing written down.

    Raises:
        ClockWrong: names both instants.
    """
    with reading(sessions) as session:
        last = session.scalar(select(AuditEntry.recorded_at).order_by(AuditEntry.id.desc()).limit(1))
    if last is not None and last > now + TOLERANCE:
        raise ClockWrong(f"the clock says {now.isoformat()}, the last record is of {last.isoformat()}")
