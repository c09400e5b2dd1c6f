"""How large a run is."""

from dataclasses import dataclass
from typing import Final

CLIENTS: Final = 8
"""Processes that post one transfer a transaction, and clients of pgbench."""
CARDS: Final = 1_000
MANY_CARDS: Final = 100_000
FUNDS_FEN: Final = 1_000_000_000_000
"""In each purse at the beginning: nobody is refused for want of money."""
MOST_FEN: Final = 500
"""The largest amount of a measured transfer; the smallest is 1 fen."""
BATCH: Final = 1_000
SMALL_BATCH: Final = 100
PROVERS: Final = 2
"""Processes that prove together."""
PROVED_A_SECOND: Final = 60_000
"""Transfers that a proof has to look at in a second: an absolute bar."""
PROVED_OF_READ: Final = 0.2
"""The same as a ratio, to one cursor that only reads the rows."""
PEAK_MB: Final = 300
"""Memory that a proof may need, whatever the size of the books."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of one run.

    Args:
        rounds: how often each job is measured.
        round_s: how long each time, in seconds.
        age_round_s: the same where books must not grow old by being measured.
        old: transfers in the old books; the young ones hold one for each purse.
        fill_s: after so many seconds of filling by batches the rest is filled by statements of its own.
        cards: purses of the large city.
        hordak: transfers by django-hordak.
        accounting: transactions by python-accounting.
    """

    rounds: int
    round_s: float
    age_round_s: float
    old: int
    fill_s: float
    cards: int
    hordak: int
    accounting: int


FULL: Final = Sizes(
    rounds=5,
    round_s=3.0,
    age_round_s=1.0,
    old=5_000_000,
    fill_s=360.0,
    cards=MANY_CARDS,
    hordak=300,
    accounting=50,
)
QUICK: Final = Sizes(
    rounds=3,
    round_s=1.0,
    age_round_s=0.5,
    old=100_000,
    fill_s=10.0,
    cards=5_000,
    hordak=50,
    accounting=20,
)
