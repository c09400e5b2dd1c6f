"""One line of a bench: a rate, the reference's rate in the same run, and the bar that their ratio has to reach."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 7


@dataclass
class Figure:
    """A measured figure.

    Args:
        what: what was done.
        rate: how often a second, median of the rounds.
        reference: what the reference is.
        reference_rate: how often a second the reference did it.
        bar: the ratio to be reached.
    """

    what: str
    rate: float
    reference: str
    reference_rate: float
    bar: float

    @property
    def ratio(self) -> float:
        """Rate over the reference's rate."""
        return self.rate / self.reference_rate

    @property
    def reached(self) -> bool:
        """Whether the ratio reaches its bar."""
        return self.ratio >= self.bar


def interleaved(jobs: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Run the jobs in turn, round by round, so that a slow moment of the machine hits all of them.

    Args:
        jobs: each does its work once and says how many things that were.

    Returns:
        Median rate a second of each.
    """
    rates: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(ROUNDS + 1):
        for name, job in jobs.items():
            began = time.perf_counter()
            done = job()
            if number:  # the first round warms up
                rates[name].append(done / (time.perf_counter() - began))
    return {name: statistics.median(found) for name, found in rates.items()}
