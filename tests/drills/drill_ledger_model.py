"""The ledger against plain dictionaries: 500 scripts of 50 steps on each database; and a ledger with one rule broken is noticed."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from hypothesis.errors import HypothesisException
from sqlalchemy.exc import SQLAlchemyError

from citizencard.db import Sessions
from ledger.errors import LedgerError
from tests.drills.ledger_mutants import MUTANTS, broken
from tests.journeys.databases import both_databases, committing
from tests.ledger.book_machine import run_machine

NAMED: Final = (
    "open",
    "freeze",
    "unfreeze",
    "close account",
    "post",
    "post batch",
    "verdicts",
    "hold",
    "settle part",
    "settle whole",
    "release",
    "expire",
    "reverse",
    "close day",
    "seal",
    "roll up",
    "replay",
)
"""What the ledger can do; each must have succeeded, and not once only."""


@dataclass(frozen=True, slots=True)
class Size:
    """So many scripts of so many steps; so many scripts at most for each broken ledger, and which of them."""

    scripts: int
    steps: int
    scripts_a_mutant: int
    mutants: tuple[str, ...]


FULL: Final = Size(500, 50, 500, tuple(MUTANTS))
REDUCED: Final = Size(5, 50, 100, ("a fold that forgets one transfer",))


@dataclass
class Result:
    """What was played, and which broken ledgers were taken for sound ones."""

    scripts: int = 0
    steps: int = 0
    done: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def proved(self) -> bool:
        """Whether everything was tried, and a broken ledger is noticed."""
        return not self.missed

    def __str__(self) -> str:
        done = ", ".join(f"{self.done[name]} {name}" for name in sorted(self.done))
        return (
            f"{self.scripts} scripts, {self.steps} steps: balances, reservations, days and proof as the dictionaries say ({done});"
            f" {len(self.found)} of {len(self.found) + len(self.missed)} broken ledgers found"
        )


def run(sessions: Sessions, size: Size) -> Result:
    """Play scripts, each on empty books that are rolled back; the first that differs is raised, made as short as it can be."""
    result = Result(scripts=size.scripts, steps=size.scripts * size.steps)
    result.done = run_machine(sessions, size.scripts, size.steps)
    for name in size.mutants:
        (result.found if _is_noticed(sessions, name, size) else result.missed).append(name)
    return result


def _is_noticed(sessions: Sessions, name: str, size: Size) -> bool:
    with broken(name):
        try:
            run_machine(sessions, size.scripts_a_mutant, size.steps, shrink=False)
        except (AssertionError, ArithmeticError, LookupError, LedgerError, SQLAlchemyError, HypothesisException):
            return True
    return False


def run_full() -> bool:
    """The drill on both databases; prints what was played. Broken ledgers are the same on both, and tried on SQLite."""
    proved = True
    with both_databases() as urls:
        for name, url in urls.items():
            began = time.monotonic()
            mutants = FULL.mutants if name == "SQLite" else ()
            with committing(url) as sessions:
                result = run(sessions, Size(FULL.scripts, FULL.steps, FULL.scripts_a_mutant, mutants))
            print(f"{name}: {result}, {time.monotonic() - began:.0f} s", flush=True)
            seldom = [each for each in NAMED if result.done[each] < FULL.scripts // 10]
            for each in (*(f"missed: {one}" for one in result.missed), *(f"seldom done: {one}" for one in seldom)):
                print(f"  {each}", flush=True)
            proved = proved and result.proved and not seldom
    return proved
