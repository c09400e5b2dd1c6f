"""Closing the day (日终) in short transactions, each of which can be run again.

Barrier, totals, clearing of taps, history rules, netting, certificate.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import Actor
from citizencard.audit.seals import cut_trail, seal_trail
from citizencard.db import Sessions, is_postgresql, reading, transaction
from citizencard.settlement import vouching
from citizencard.settlement.certificate import certify
from citizencard.settlement.clearing.flow import clear_taps
from citizencard.settlement.errors import DayNotClosed, DayNotOpen, NextDayWrong
from citizencard.settlement.histories.flow import rate_histories
from citizencard.settlement.models import BookProof, CustodyCertificate, NetPosition
from citizencard.settlement.netting import net, positions_of
from citizencard.settlement.replacements.flow import settle_replacements
from ledger import (
    ClosedDay,
    Difference,
    Progress,
    Proof,
    Stopped,
    close_day,
    draw_cut,
    expire_holds,
    fold,
    open_day,
    prove,
    release,
    seal,
    stop,
    total_day,
)
from ledger.errors import InvalidDay, LedgerStopped, UnknownDay
from ledger.holds import MAX_EXPIRED_AT_ONCE
from ledger.models import LedgerDay

MAX_PORTIONS: Final = 100_000
"""More portions than a city has transfers in a generation: a roll-up ends, whatever happens."""


class _DayBeforeUnsettled(Exception):
    """Rolls a close back."""


@dataclass(frozen=True, slots=True)
class SettledDay:
    """What a closed business day came to."""

    closed: ClosedDay
    positions: Sequence[NetPosition]
    certificate: CustodyCertificate


@dataclass(frozen=True, slots=True)
class DayClosing:
    """Which day ends and which begins."""

    day: date
    next_day: date


@dataclass(frozen=True, slots=True)
class ProvingWith:
    """How a proof is made: who is told how far it is, how many processes work on it, who is told every difference."""

    progress: Progress | None = None
    processes: int = 1
    tell: Callable[[Difference], None] | None = None


def settle_day(
    sessions: Sessions, closing: DayClosing, actor: Actor, now: datetime, tell: Progress | None = None
) -> SettledDay:
    """Close the open business day and settle it. Again, or after a crash, it goes on where it stopped and gives the same answer.

    A day before it that was closed and not settled to the end is settled first: netting moves what a merchant's account held at the cut,
    so each day's must be in the books before the next day's cut, or its money would be moved twice. `tell` hears how far the history
    rules are.

    Raises:
        DayNotOpen: the books know no such day, or it comes later.
        NextDayWrong: the next day does not come after it.
    """
    closed = None
    while closed is None:
        settle_unfinished(sessions, closing.day, now, tell)
        closed = _close(sessions, closing, actor, now)
    return _settle(sessions, closed, now, tell)


def _close(sessions: Sessions, closing: DayClosing, actor: Actor, now: datetime) -> ClosedDay | None:
    """Close a day; None, and nothing was done, when somebody has closed the day before it meanwhile and not settled it yet."""
    with contextlib.suppress(_DayBeforeUnsettled), transaction(sessions) as session:
        try:
            was_open = open_day(session) == closing.day
            closed = close_day(session, closing.day, closing.next_day, now=now)
        except UnknownDay as error:
            raise DayNotOpen(
                f"{closing.day} is not the open business day", day=closing.day, open_day=open_day(session)
            ) from error
        except InvalidDay as error:
            raise NextDayWrong(str(error), day=closing.day, next_day=closing.next_day) from error
        if was_open:
            audit.record(session, actor, "day.close", str(closing.day), after={"cut_id": closed.cut_id}, now=now)
            # By the same barrier, which this transaction has alone: the day's acts are sealed with the day's money.
            cut_trail(session, now)
            if _closed_and_not_settled(session, closing.day):
                raise _DayBeforeUnsettled
        return closed
    return None


def settle_unfinished(
    sessions: Sessions, before: date, now: datetime, tell: Progress | None = None
) -> list[SettledDay]:
    """Settle the days before this one that a crash left closed and not settled to the end, oldest first; usually none."""
    with reading(sessions) as session:
        unfinished = _closed_and_not_settled(session, before)
    return [_settle(sessions, closed, now, tell) for closed in unfinished]


def _closed_and_not_settled(session: Session, before: date) -> list[ClosedDay]:
    """Days before this one whose settlement did not come to its end, oldest first: what is left of a crash, so at most a few."""
    settled = select(CustodyCertificate.business_date)
    found = session.scalars(
        select(LedgerDay)
        .where(LedgerDay.day < before, LedgerDay.cut_id.is_not(None), LedgerDay.day.not_in(settled))
        .order_by(LedgerDay.day)
    ).all()
    return [
        ClosedDay(row.day, row.cut_id, row.closed_at)
        for row in found
        if row.cut_id is not None and row.closed_at is not None
    ]


def _settle(sessions: Sessions, closed: ClosedDay, now: datetime, tell: Progress | None) -> SettledDay:
    with transaction(sessions) as session:
        total_day(session, closed.day)
    # Before any money moves: of books that are stopped, the day is closed and sealed all the same.
    roll_up(sessions, now)
    clear_taps(sessions, closed, now, _take_turns, tell)
    rate_histories(sessions, closed, now, _take_turns, tell)
    settle_replacements(sessions, closed, now, _take_turns)
    with transaction(sessions) as session:
        _take_turns(session, closed)
        positions = net(session, closed, now)
    with transaction(sessions) as session:
        _take_turns(session, closed)
        certificate = certify(session, closed, now)
    return SettledDay(closed, positions, certificate)


def roll_up(sessions: Sessions, now: datetime) -> None:
    """Fold and seal what is final up to the last cuts, a portion a transaction. Again, or after a crash, it goes on where it stopped.

    Books that are stopped are sealed, since that preserves evidence, and not folded.
    """
    for _ in range(MAX_PORTIONS):
        try:
            with transaction(sessions) as session:
                if not fold(session, now=now).has_more:
                    break
        except LedgerStopped:
            break
    for _ in range(MAX_PORTIONS):
        with transaction(sessions) as session:
            if seal(session, now=now) is None:
                break
    for _ in range(MAX_PORTIONS):
        with transaction(sessions) as session:
            if seal_trail(session, now=now) is None:
                break


def seal_up(sessions: Sessions, now: datetime) -> None:
    """Make all that is in the books and in the audit trail final at one instant, and fold and seal it.

    Raises:
        LedgerBusy: those who are writing did not finish in time; try again later.
    """
    with transaction(sessions) as session:
        draw_cut(session, now)
        cut_trail(session, now)
    roll_up(sessions, now)


def end_due_holds(sessions: Sessions, now: datetime) -> int:
    """End every hold whose time is over, a portion a transaction; returns how many. Again, or after a crash, it goes on where it stopped.

    Nothing depends on it: a posting ends the holds that are in its way itself. Ends none while the ledger is stopped.
    """
    ended = 0
    for _ in range(MAX_PORTIONS):
        with transaction(sessions) as session:
            ended_now = expire_holds(session, now)
        ended += ended_now
        if ended_now < MAX_EXPIRED_AT_ONCE:
            break
    return ended


def _take_turns(session: Session, closed: ClosedDay) -> None:
    """Two who settle the same day take turns: the second finds what the first has stored."""
    session.execute(select(LedgerDay.day).where(LedgerDay.day == closed.day).with_for_update())


def settled_day(sessions: Sessions, day: date) -> tuple[Sequence[NetPosition], CustodyCertificate]:
    """What was stored when the day was settled.

    Raises:
        DayNotClosed: it was not, or not to the end.
    """
    with reading(sessions) as session:
        certificate = session.get(CustodyCertificate, day)
        if certificate is None:
            raise DayNotClosed(f"{day} has not been settled", day=day)
        return positions_of(session, day), certificate


def prove_books(sessions: Sessions, now: datetime, using: ProvingWith = ProvingWith()) -> Proof:
    """Let the ledger prove itself, with the city's own checks, and keep when and with what result.

    A difference stops the ledger until somebody releases it.

    An auditor's role proves as well, and leaves no trace.
    """
    with reading(sessions) as session:
        proof = prove(session, using.progress, processes=using.processes, tell=using.tell, also=vouching.CHECKS)
        may_keep = _may_keep_proofs(session)
    if not may_keep:
        return proof
    first = str(proof.differences[0]) if proof.differences else ""
    with transaction(sessions) as session:
        session.add(
            BookProof(
                proved_at=now,
                transfers=proof.transfers,
                accounts=proof.accounts,
                differences=proof.found,
                first_difference=first,
            )
        )
        if not proof.proved:
            stop(session, first, now=now)
    return proof


def stop_books(sessions: Sessions, cause: str, now: datetime) -> Stopped:
    """Let no money move until somebody has looked: seals, or a head that left the house, do not fit the books."""
    with transaction(sessions) as session:
        return stop(session, cause, now=now)


def release_ledger(sessions: Sessions, actor: Actor, reason: str, now: datetime) -> Stopped:
    """Let money move again after somebody has looked; who and why goes into the audit.

    Raises:
        NotStopped: the ledger is not stopped.
    """
    with transaction(sessions) as session:
        released = release(session, actor.id, reason, now=now)
        audit.record(
            session,
            actor,
            vouching.RELEASE,
            vouching.RELEASED,
            reason=reason,
            before={"cause": released.cause},
            now=now,
        )
    return released


def _may_keep_proofs(session: Session) -> bool:
    """PostgreSQL's auditors may only read; a file's owner may do anything with it."""
    if not is_postgresql(session):
        return True
    return bool(session.scalar(select(func.has_table_privilege(BookProof.__tablename__, "INSERT"))))
