"""Business days: one is open, and closing it is an instant. Callers never name the day of a transfer; the ledger gives it the open one."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from ledger import barrier, cuts, snapshots
from ledger.errors import InvalidDay, NoOpenDay, UnknownDay
from ledger.instants import in_utc
from ledger.models import LedgerDay, PostedTransfer


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A closed business day: every transfer with an id up to `cut_id` belongs to it or an earlier day, and none after."""

    day: date
    cut_id: int
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class DayTotals:
    """What a closed day consists of: how many transfers, and the sum of their amounts in fen."""

    day: date
    transfers: int
    total_fen: int


def open_first_day(session: Session, day: date, *, now: datetime) -> None:
    """Begin the books. Again with the day that is open: nothing happens.

    Raises:
        InvalidDay: the books were begun before and another day is open now.
    """
    barrier.hold_alone(session)
    found = session.execute(
        select(LedgerDay.day, LedgerDay.state).order_by(LedgerDay.day.desc()).limit(1)
    ).one_or_none()
    if found is None:
        session.execute(insert(LedgerDay).values(day=day, state="open", opened_at=now))
    elif tuple(found) != (day, "open"):
        raise InvalidDay(f"the books were begun before; {found.day} is the last day", day=day)


def open_day(session: Session) -> date:
    """The business day that transfers posted now would settle in.

    Raises:
        NoOpenDay: the books were never begun.
    """
    day = session.execute(select(LedgerDay.day).where(LedgerDay.state == "open")).scalar_one_or_none()
    if day is None:
        raise NoOpenDay("no business day is open")
    return day


def close_day(session: Session, day: date, next_day: date, *, now: datetime) -> ClosedDay:
    """Close the open business day and open the next. A day that is closed already answers with the cut it got then.

    Holds up posting until the caller commits, so commit at once: whatever is computed about the day can be computed afterwards. A
    transaction that has posted must not close.

    Raises:
        UnknownDay: the books never opened this day.
        InvalidDay: the next day is not after this one.
        LedgerBusy: posting did not pause in time; roll back and try again later.
    """
    found = _closed(session, day)
    if found:
        return found
    if next_day <= day:
        raise InvalidDay(f"{next_day} does not follow {day}", day=next_day)
    barrier.hold_alone(session)
    # A new statement: somebody may have closed the day while we waited.
    found = _closed(session, day)
    if found:
        return found
    cut_id = cuts.draw_under_barrier(session, now)
    session.execute(update(LedgerDay).where(LedgerDay.day == day).values(state="closed", closed_at=now, cut_id=cut_id))
    session.execute(insert(LedgerDay).values(day=next_day, state="open", opened_at=now))
    return ClosedDay(day, cut_id, in_utc(now))


def total_day(session: Session, day: date) -> DayTotals:
    """Count a closed day and keep the totals, so that `prove()` notices when a row goes missing from it. Holds up nobody.

    Keeps as well what every account that moved in the day holds at its cut, for it and for earlier days where that is missing.
    Counted once: again, it answers with what was counted the first time.

    Raises:
        UnknownDay: the day is not closed.
    """
    found = session.execute(
        select(LedgerDay.cut_id, LedgerDay.transfers, LedgerDay.total_fen).where(LedgerDay.day == day)
    ).one_or_none()
    if found is None or found.cut_id is None:
        raise UnknownDay(f"{day} is not closed", day=day)
    snapshots.write(session, day)
    if found.transfers is not None:
        return DayTotals(day, found.transfers, found.total_fen)
    begin = select(func.coalesce(func.max(LedgerDay.cut_id), 0)).where(LedgerDay.day < day).scalar_subquery()
    transfers, total_fen = session.execute(
        select(func.count(), func.coalesce(func.sum(PostedTransfer.amount_fen), 0)).where(
            PostedTransfer.id > begin, PostedTransfer.id <= found.cut_id
        )
    ).one()
    totals = DayTotals(day, transfers, int(total_fen))
    session.execute(
        update(LedgerDay).where(LedgerDay.day == day).values(transfers=totals.transfers, total_fen=totals.total_fen)
    )
    return totals


def _closed(session: Session, day: date) -> ClosedDay | None:
    """The day if it is closed, nothing if it is open.

    Raises:
        UnknownDay: it is neither.
    """
    row = session.execute(
        select(LedgerDay.day, LedgerDay.cut_id, LedgerDay.closed_at).where(LedgerDay.day == day)
    ).one_or_none()
    if row is None:
        raise UnknownDay(f"{day} was never opened", day=day)
    if row.cut_id is None or row.closed_at is None:
        return None
    return ClosedDay(row.day, row.cut_id, row.closed_at)
