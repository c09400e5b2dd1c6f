"""Which business day is open, and when a closed one was closed."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.settlement.errors import DayNotClosed
from ledger.models import LedgerDay


def closed_at(session: Session, day: date) -> datetime:
    """When a business day was closed.

    Raises:
        DayNotClosed: it is open, or never was.
    """
    found = session.scalar(select(LedgerDay.closed_at).where(LedgerDay.day == day))
    if found is None:
        raise DayNotClosed(f"{day} has not been closed", day=day)
    return found
