"""How large a run is."""

from dataclasses import dataclass
from typing import Final

CARDS: Final = 20_000
VALIDATORS: Final = 200
LINES: Final = 40
WORKERS: Final = 2
SENDERS: Final = 4
"""Connections that upload at once."""
BATCH: Final = 2_500
PEAK_MB: Final = 300
"""Memory that a worker of the server may need at most."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of one run.

    Args:
        rounds: how often each job is measured.
        round_s: how long pgbench runs each time, in seconds.
        round_records: records of one measured round of uploads.
        day: taps of the day in one run.
    """

    rounds: int
    round_s: float
    round_records: int
    day: int


FULL: Final = Sizes(rounds=5, round_s=5.0, round_records=40_000, day=1_500_000)
QUICK: Final = Sizes(rounds=3, round_s=2.0, round_records=20_000, day=40_000)
