"""Which transfers belong to a period of business days: a run of ids, because ids and business days rise together."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ledger.days import open_day
from ledger.errors import UnknownDay
from ledger.models import LedgerDay, PostedTransfer


@dataclass(frozen=True, slots=True)
class Period:
    """Business days from `first` to `last`, both included, and the transfers that settle in them.

    Args:
        first: not before the books were begun.
        last: not after the day that is open.
        after_id: the last transfer before the period.
        cut_id: the last transfer in the period.
        final: every day of the period is closed; whoever asks again gets the same transfers.
    """

    first: date
    last: date
    after_id: int
    cut_id: int
    final: bool


def period_of(session: Session, first: date | None = None, last: date | None = None) -> Period:
    """The part of a stretch of dates in which the books were kept; without dates, all of the books.

    Raises:
        NoOpenDay: the books were never begun.
        UnknownDay: they were not kept on any of these dates.
    """
    now_open = open_day(session)
    begun = session.execute(select(func.min(LedgerDay.day))).scalar_one()
    first, last = max(first or begun, begun), min(last or now_open, now_open)
    if first > last:
        raise UnknownDay(f"no business day from {first} to {last}", day=first)
    return Period(
        first=first,
        last=last,
        after_id=_cut(session, LedgerDay.day < first),
        cut_id=_cut(session, LedgerDay.day <= last) if last < now_open else _last_id(session),
        final=last < now_open,
    )


def _cut(session: Session, days: ColumnElement[bool]) -> int:
    return session.execute(select(func.max(LedgerDay.cut_id)).where(days)).scalar_one() or 0


def _last_id(session: Session) -> int:
    return session.execute(select(func.max(PostedTransfer.id))).scalar_one() or 0
