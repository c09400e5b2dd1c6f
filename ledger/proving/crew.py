"""Several processes that prove together: each has its own connection, and all of them look at the moment that the proof looks at.

PostgreSQL: the proof's transaction exports its snapshot and the others take it over (PostgreSQL manual, "Snapshot Synchronization
Functions"). SQLite cannot share one, and need not: the units end with the last transfer of the moment, the days are handed over, and what
is in the books then never changes afterwards.
"""

import multiprocessing
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.orm import Session

from ledger import canonical
from ledger.arrays import is_postgresql
from ledger.checks import Difference
from ledger.proving import snapshots
from ledger.proving.days import Span, Tally
from ledger.proving.snapshots import SnapshotDay
from ledger.proving.transfers import Looking, look_at
from ledger.proving.units import Unit

MAX_HANDED_OVER: Final = 5_000
"""Differences that one process hands to another at once. Where there are more, the proof finds them again by itself, one by one."""

Check = Callable[[Session], Iterator[Difference]]
Task = Unit | SnapshotDay | Check


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a task; not `whole`: there was more than can be handed over."""

    differences: tuple[Difference, ...]
    tally: Tally
    whole: bool


@dataclass(frozen=True, slots=True)
class _Work:
    session: Session
    days: Sequence[Span]


_OURS: list[_Work] = []
"""In a process of a crew: its own connection. Empty everywhere else."""


class Crew:
    """Takes tasks. A process that dies costs time and nothing else: the proof carries its tasks out itself."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def give(self, task: Task) -> Future[Outcome] | None:
        """Have a task carried out; None when nobody is left to do it."""
        try:
            return self._pool.submit(_carried_out, task)
        except BrokenExecutor:
            return None

    @staticmethod
    def outcome(given: Future[Outcome] | None) -> Outcome | None:
        """What came of it; None when the proof must do it itself."""
        try:
            done = given.result() if given else None
        except BrokenExecutor:
            return None
        return done if done and done.whole else None


@contextmanager
def crew(session: Session, days: Sequence[Span], processes: int) -> Iterator[Crew | None]:
    """Processes that see what the session sees; None when the session would have to do it alone anyway."""
    bind = session.get_bind()
    if processes < 2 or not isinstance(bind, Engine) or bind.url.database in (None, "", ":memory:"):  # noqa: PLR2004 # a crew
        yield None
        return
    snapshot: str | None = (
        session.execute(text("SELECT pg_export_snapshot()")).scalar_one() if is_postgresql(session) else None
    )
    # A process that is cloned costs no memory of its own at first, but must not be cloned while other threads hold locks.
    context = multiprocessing.get_context("fork" if threading.active_count() == 1 else "spawn")
    address = bind.url.render_as_string(hide_password=False)
    pool = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(address, snapshot, tuple(days)))
    try:
        yield Crew(pool)
    finally:
        pool.shutdown(cancel_futures=True)


def carry_out(session: Session, task: Task, looking: Looking) -> Iterator[Difference]:
    """Do a task: look at a unit or at the snapshots of a day, or make a check."""
    if isinstance(task, Unit):
        return look_at(session, task, looking)
    return snapshots.differences(session, task) if isinstance(task, SnapshotDay) else task(session)


def name_of(task: Task) -> str:
    """What a task is about, in one word."""
    if isinstance(task, Unit):
        return "transfers"
    return "snapshots" if isinstance(task, SnapshotDay) else task.__name__


def _begin(address: str, snapshot: str | None, days: Sequence[Span]) -> None:
    session = Session(create_engine(address, poolclass=NullPool))
    if snapshot is None:
        session.execute(text("PRAGMA query_only=ON"))
    else:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        session.execute(text(f"SET TRANSACTION SNAPSHOT '{snapshot}'"))
    canonical.prepare(session)
    _OURS[:] = [_Work(session, days)]


def _carried_out(task: Task) -> Outcome:
    work = _OURS[0]
    looking = Looking(work.days)
    found = tuple(islice(carry_out(work.session, task, looking), MAX_HANDED_OVER + 1))
    whole = len(found) <= MAX_HANDED_OVER
    return Outcome(found if whole else (), looking.tally, whole)
