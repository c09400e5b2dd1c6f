"""`prove()`: every invariant of the books, recomputed from the transfers alone.

All of it looks at one moment, so that it may run while the city is posting; one pass over the transfers, then one statement for each thing
that is kept beside them. Memory is bounded whatever the size of the books and however much is wrong with them.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from ledger import canonical, checks, history
from ledger.arrays import is_postgresql
from ledger.checks import AboveCeiling, Difference
from ledger.proving import holds, snapshots
from ledger.proving.crew import Check, Crew, Outcome, Task, carry_out, crew, name_of
from ledger.proving.days import day_totals, spans
from ledger.proving.snapshots import snapshot_days
from ledger.proving.transfers import Looking
from ledger.proving.units import Unit, plan
from ledger.seals import Progress

MAX_DIFFERENCES: Final = 1_000
"""So many differences are kept; books with more need a restore, not a longer list."""
MAX_ABOVE_CEILING: Final = 1_000
MAX_PROCESSES: Final = 16
UNITS_AHEAD: Final = 4
"""So many units a process are given out before the first one of them is waited for."""
SORT_MEMORY: Final = "64MB"
"""What PostgreSQL may take for one sort or hash of a check before it goes to disk."""


_CHECKS: Sequence[Check] = (
    checks.duplicates,
    checks.accounts,
    checks.reversals,
    checks.days,
    holds.terms,
    holds.reserved,
    holds.settlements,
    holds.hidden_settlements,
    history.cut_order,
    history.day_cuts,
    history.folds,
    snapshots.kept,
    checks.debits_are_credits,
)


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of a proof.

    Args:
        differences: what is wrong, the first `MAX_DIFFERENCES` of it.
        transfers: how many were looked at.
        accounts: how many there are.
        total_fen: sum of all amounts looked at: of all debits, and of all credits.
        above_ceiling: accounts above their ceiling. No difference: refunds and decisions for a holder may lead there.
        proved: nothing is wrong.
        found: how many differences there are.
    """

    differences: tuple[Difference, ...]
    transfers: int
    accounts: int
    total_fen: int
    above_ceiling: tuple[AboveCeiling, ...]
    proved: bool
    found: int


def prove(
    session: Session,
    progress: Progress | None = None,
    *,
    processes: int = 1,
    tell: Callable[[Difference], None] | None = None,
    also: Sequence[Check] = (),
) -> Proof:
    """Recompute balances, floors, states, references, fingerprints, holds, reversals, days, snapshots and seals from the transfers alone.

    Changes nothing; who finds that the books are not proved stops them (`stop()`). Each difference says what, where, expected and found.

    Args:
        session: one that has not begun, so that all of the proof sees one moment; or a transaction beside which nobody posts. On
            PostgreSQL a transaction that is REPEATABLE READ sees one moment in any case, and on SQLite every transaction.
        progress: told the name of each check and how many transfers were looked at: at its beginning, and again and again.
        processes: how many work on it, at most `MAX_PROCESSES`; more than one need a session on an engine.
        tell: told every difference as it is found, also those that the proof does not keep.
        also: what else must hold and the ledger cannot know, such as a chart's terms. Functions of a module, since other processes call
            them, each with a session that sees the proof's moment.
    """
    if is_postgresql(session):
        bind = session.get_bind()
        # A session on a connection that has begun joins that transaction, whatever its own state says.
        if not (session.in_transaction() or (isinstance(bind, Connection) and bind.in_transaction())):
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        session.execute(text("SELECT set_config('work_mem', :memory, true)"), {"memory": SORT_MEMORY})
    canonical.prepare(session)
    looking = Looking(spans(session))
    kept: list[Difference] = []
    found = 0
    with crew(session, looking.days, min(processes, MAX_PROCESSES)) as helpers:
        ahead = UNITS_AHEAD * processes
        for difference in _Proving(session, looking, (*_CHECKS, *also), helpers, progress, ahead).differences():
            found += 1
            if len(kept) < MAX_DIFFERENCES:
                kept.append(difference)
            if tell:
                tell(difference)
    accounts: int = session.execute(text("SELECT count(*) FROM ledger_account")).scalar_one()
    above_ceiling = tuple(checks.above_ceiling(session, MAX_ABOVE_CEILING))
    tally = looking.tally
    return Proof(tuple(kept), tally.transfers, accounts, tally.total_fen, above_ceiling, proved=not found, found=found)


@dataclass(frozen=True, slots=True)
class _Proving:
    """One run of a proof, alone or with helpers. Differences come in the order of the ids, then check by check."""

    session: Session
    looking: Looking
    checks: Sequence[Check]
    helpers: Crew | None
    progress: Progress | None
    ahead: int

    def differences(self) -> Iterator[Difference]:
        """Everything that is wrong."""
        given: list[tuple[Task, Future[Outcome] | None]] = [(check, self._give(check)) for check in self.checks]
        given += [(day, self._give(day)) for day in snapshot_days(self.session)]
        window: deque[tuple[Unit, Future[Outcome] | None]] = deque()
        for unit in plan(self.session):
            if isinstance(unit, Difference):
                yield unit
                continue
            window.append((unit, self._give(unit)))
            if len(window) >= self.ahead or self.helpers is None:
                yield from self._unit(*window.popleft())
        for waiting in window:
            yield from self._unit(*waiting)
        yield from day_totals(self.session, self.looking.tally)
        for task, future in given:
            if self.progress:
                self.progress(name_of(task), 0)
            yield from self._came_of(task, future)

    def _unit(self, unit: Unit, future: Future[Outcome] | None) -> Iterator[Difference]:
        yield from self._came_of(unit, future)
        if self.progress:
            self.progress("transfers", self.looking.tally.transfers)

    def _give(self, task: Task) -> Future[Outcome] | None:
        return self.helpers.give(task) if self.helpers else None

    def _came_of(self, task: Task, future: Future[Outcome] | None) -> Iterator[Difference]:
        outcome = Crew.outcome(future)
        if outcome is None:
            yield from carry_out(self.session, task, self.looking)
            return
        self.looking.tally.add(outcome.tally)
        yield from outcome.differences
