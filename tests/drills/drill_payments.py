"""Nine faults at each of four operations, in every combination with lost, doubled, mixed-up and forged reports and with power cuts.

Every payment comes to its end, the provider's own books show one charge at most and no refund too many, our account there is what the
provider holds, and the books prove. Beside the cells: random walks, and many at once.
"""

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from typing import Final

from citizencard.db import Sessions
from tests.citizencard.billing.make_bills import Waterworks
from tests.citizencard.checkout.make_checkout import Office, office
from tests.drills.drill_uploads import NOW
from tests.drills.payments_books import balance_differences, proof_differences, secrets_shown
from tests.drills.payments_cells import ACTS, NEWS, PURPOSES, Bench, Cell, Cut, Tried, try_cell
from tests.drills.payments_crowds import try_crowds
from tests.drills.payments_walks import try_walks
from tests.journeys.databases import both_databases, committing
from tests.stripe_fake import documented
from tests.stripe_fake.server import AFTER, Ordered

DAYS_APART: Final = 3
"""Between groups of cells: the lists that a sweep compares begin anew."""

MAX_PRINTED: Final = 100
COMMITS: Final = {"create": 2, "confirm": 3, "refund": 2, "cancel": 3}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried.

    Args:
        is_full: every combination; otherwise one or two cells of each fault and operation, the others in turn.
        walks: so many random walks, of `steps` each.
        rounds: so often everybody at once.
    """

    is_full: bool
    walks: int
    steps: int
    rounds: int


FULL: Final = Size(is_full=True, walks=200, steps=30, rounds=100)
REDUCED: Final = Size(is_full=False, walks=15, steps=12, rounds=2)


@dataclass
class Tally:
    """Of one fault at one operation, or of another part of the drill."""

    cells: int = 0
    payments: int = 0
    charges: int = 0
    refunds: int = 0
    differences: int = 0

    def add(self, tried: Tried) -> None:
        """Count one cell, round or walk."""
        self.cells += 1
        self.payments += tried.payments
        self.charges += tried.charges
        self.refunds += tried.refunds
        self.differences += len(tried.differences)


@dataclass
class Result:
    """What a run found, by part; `summary` says what else was counted."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    summary: dict[str, int] = field(default_factory=dict)

    def tally(self, name: str) -> Tally:
        return self.tallies.setdefault(name, Tally())

    @property
    def total(self) -> Tally:
        names = ("cells", "payments", "charges", "refunds", "differences")
        return Tally(*(sum(getattr(tally, name) for tally in self.tallies.values()) for name in names))

    def __str__(self) -> str:
        total = self.total
        counted = ", ".join(f"{count} {what}" for what, count in self.summary.items())
        return (
            f"{total.cells} cells, {total.payments} payments, {total.charges} charges, {total.refunds} refunds;"
            f" {counted}; {len(self.differences)} differences"
        )

    def table(self) -> str:
        """One line for each fault and operation."""
        rows = [f"{'':36}{'cells':>7}{'payments':>10}{'charges':>9}{'refunds':>9}{'differences':>13}"]
        for name, tally in [*self.tallies.items(), ("all", self.total)]:
            rows.append(
                f"{name:36}{tally.cells:>7}{tally.payments:>10}{tally.charges:>9}{tally.refunds:>9}{tally.differences:>13}"
            )
        return "\n".join(rows)


def run(sessions: Sessions, now: datetime, size: Size, tell: Callable[[str], None] = lambda _part: None) -> Result:
    """Try everything in a new city.

    Args:
        sessions: an empty database that really commits.
        now: the city's clock at the beginning.
        size: how much.
        tell: is told what comes next, and what was found so far.
    """
    result = Result()
    with office(Waterworks.open(sessions, now)) as desk, listening(desk) as bench:
        _try_cells(bench, size, result, tell)
        for name, part in (
            ("everybody at once", try_crowds(bench, size.rounds)),
            ("random walks", try_walks(bench, range(size.walks), size.steps)),
        ):
            tell(f"{name}, after {result.total.cells} cells with {len(result.differences)} differences")
            for tried in part:
                result.tally(name).add(tried)
                result.differences += tried.differences
        result.differences += balance_differences(bench.desk) + proof_differences(bench.desk)
        result.differences += bench.auditor.differences + secrets_shown(bench.desk)
        result.summary |= {
            "requests": bench.auditor.requests,
            "reports": bench.reports,
            "kills": bench.kills,
            "minutes undecided at most": bench.longest_min,
        }
    return result


@contextmanager
def listening(desk: Office) -> Iterator[Bench]:
    """Look at all requests and all lines of the log."""
    bench = Bench.open(desk)
    root = logging.getLogger()
    level = root.level
    root.addHandler(bench.auditor)
    root.setLevel(logging.DEBUG)
    try:
        yield bench
    finally:
        root.setLevel(level)
        root.removeHandler(bench.auditor)


def _try_cells(bench: Bench, size: Size, result: Result, tell: Callable[[str], None]) -> None:
    for number, (act, fault) in enumerate(itertools.product(ACTS, Ordered)):
        bench.desk.later(days=DAYS_APART)
        bench.new_account()
        tell(f"{act}: {fault.value}, after {result.total.cells} cells with {len(result.differences)} differences")
        tally = result.tally(f"{act}: {fault.value}")
        cells = _all_cells(bench, act, fault) if size.is_full else _some_cells(bench, act, fault, number)
        for tried in cells:
            tally.add(tried)
            result.differences += tried.differences
        result.differences += balance_differences(bench.desk) + proof_differences(bench.desk)
        result.differences += documented.key_faults(bench.desk.fake.seen)
        bench.desk.fake.seen.clear()


def _all_cells(bench: Bench, act: str, fault: Ordered) -> Iterator[Tried]:
    for purpose, (turn, news) in itertools.product(PURPOSES, enumerate(NEWS)):
        odd = (turn + (purpose == "bill")) % 2 == 1
        whole = try_cell(bench, Cell(fault, act, purpose, news, None, odd))
        yield whole
        # A cut before the first commit is as if nobody had come.
        for number in range(1, whole.commits + 1):
            for moment in ("before", "after")[number == 1 :]:
                yield try_cell(bench, Cell(fault, act, purpose, news, Cut(moment, number), odd))


def _some_cells(bench: Bench, act: str, fault: Ordered, number: int) -> Iterator[Tried]:
    cuts = (None, Cut("before", COMMITS[act]), Cut("after", 1), None, Cut("after", COMMITS[act]))
    purpose, news = PURPOSES[(number + number // 9) % 2], NEWS[number % len(NEWS)]
    yield try_cell(bench, Cell(fault, act, purpose, news, cuts[number % len(cuts)], odd=number % 3 == 0))
    if fault in AFTER:
        # The most dangerous: done, not heard of, nobody tells, and the resident clicks again at once.
        yield try_cell(bench, Cell(fault, act, purpose, "absent", None, odd=True))


def run_full() -> bool:
    """The drill at full size on both databases side by side; prints its tables."""
    clean = True
    with both_databases() as urls, ProcessPoolExecutor(len(urls), get_context("spawn")) as processes:
        for name, (result, seconds) in zip(urls, processes.map(_run_on, urls.values()), strict=True):
            print(f"{name}: {result}, {seconds:.0f} s")
            print(result.table())
            for difference in result.differences[:MAX_PRINTED]:
                print(f"  {difference}")
            clean = clean and not result.differences
    return clean


def _run_on(url: str) -> tuple[Result, float]:
    began = time.monotonic()
    with committing(url) as sessions:
        result = run(sessions, NOW, FULL, lambda part: print(f"{url.partition(':')[0]}: {part}", flush=True))
    return result, time.monotonic() - began
