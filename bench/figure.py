"""One line of a bench: a rate, the reference's rate in the same run, and the bar that their ratio has to reach."""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

ROUNDS = 7


@dataclass
class Figure:
    """A measured figure.

    Args:
        what: what was done.
        rate: how often a second, median of the rounds; or another quantity, named by `unit`.
        reference: what the reference is. Of an absolute bar, in its own words.
        reference_rate: how often a second the reference did it; of an absolute bar, the bar.
        bar: the ratio to be reached; None when the figure is printed for comparison only.
        judged: whether the exit code depends on it. Absolute bars never are: they judge the machine as well.
        at_most: the ratio must not be more than the bar, instead of not less.
        unit: of both quantities.
    """

    what: str
    rate: float
    reference: str
    reference_rate: float
    bar: float | None
    judged: bool = True
    at_most: bool = False
    unit: str = "a second"

    @property
    def ratio(self) -> float:
        """Rate over the reference's rate."""
        return self.rate / self.reference_rate if self.reference_rate else 0.0

    @property
    def reached(self) -> bool:
        """Whether the ratio reaches its bar; a figure without one always does."""
        if self.bar is None:
            return True
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar

    @property
    def passes(self) -> bool:
        """Whether the exit code may be 0 as far as this figure is concerned."""
        return self.reached or not self.judged


def interleaved(jobs: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Run the jobs in turn, round by round, so that a slow moment of the machine hits all of them.

    Args:
        jobs: each does its work once and says how many things that were.

    Returns:
        Median rate a second of each.
    """

    def timed(job: Callable[[], int]) -> float:
        began = time.perf_counter()
        return job() / (time.perf_counter() - began)

    return interleaved_rates({name: partial(timed, job) for name, job in jobs.items()}, ROUNDS)


def interleaved_rates(jobs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """As `interleaved`, for jobs that measure their own rate. The first round warms up and does not count.

    The order turns around from round to round, so that nobody always runs after the same neighbour.
    """
    rates: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(rounds + 1):
        names = list(jobs) if number % 2 else list(jobs)[::-1]
        for name in names:
            tell(f"round {number} of {rounds}: {name}")
            rate = jobs[name]()
            if number:
                rates[name].append(rate)
    tell("")
    return {name: statistics.median(found) for name, found in rates.items()}


def tell(what: str) -> None:
    """Say on a terminal what is going on, in a line that the next one replaces; elsewhere nothing."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{what}")
        sys.stderr.flush()


@contextmanager
def one_core() -> Iterator[int]:
    """This process and its children on one processor, given back at the end."""
    allowed = os.sched_getaffinity(0)
    core = max(allowed)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, allowed)
