"""The ledger against a plain dictionary: 500 scripts of 50 steps on each database."""

from dataclasses import dataclass
from typing import Final

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from citizencard.db import Sessions
from tests.journeys.databases import both_databases, committing
from tests.ledger.book_model import Step, play, steps


@dataclass(frozen=True, slots=True)
class Size:
    """So many scripts of so many steps."""

    scripts: int
    steps: int


FULL: Final = Size(500, 50)
REDUCED: Final = Size(15, 50)


@dataclass
class Result:
    """What was played."""

    scripts: int = 0
    steps: int = 0

    def __str__(self) -> str:
        return (
            f"{self.scripts} scripts, {self.steps} steps: balances, reservations, days and proof as the dictionary says"
        )


def run(sessions: Sessions, size: Size) -> Result:
    """Play scripts, each on empty books that are rolled back; the first that differs is raised, made as short as it can be."""
    result = Result()

    @settings(max_examples=size.scripts, deadline=None, database=None, phases=(Phase.generate, Phase.shrink))
    @given(st.lists(steps, min_size=size.steps, max_size=size.steps))
    def play_one(script: list[Step]) -> None:
        with sessions() as session:
            play(session, script)
            session.rollback()
        result.scripts += 1
        result.steps += len(script)

    play_one()
    return result


def run_full() -> bool:
    """The drill on both databases; prints what was played."""
    with both_databases() as urls:
        for name, url in urls.items():
            with committing(url) as sessions:
                print(f"{name}: {run(sessions, FULL)}", flush=True)
    return True
