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
PEAK_MB: Final = 300
"""Memory that a proof may need, whatever the size of the books."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of one run.

    Args:
        rounds: how often each job is measured.
        round_s: how long each time, in seconds.
        young: transfers in the young books.
        old: transfers in the old books.
        fill_s: after so many seconds of filling by batches the rest is filled by statements of its own.
        hot: transfers of the account whose balance is asked for.
        cards: purses of the large city.
        hordak: transfers by django-hordak.
        accounting: transactions by python-accounting.
    """

    rounds: int
    round_s: float
    young: int
    old: int
    fill_s: float
    hot: int
    cards: int
    hordak: int
    accounting: int


FULL: Final = Sizes(
    rounds=5,
    round_s=3.0,
    young=100_000,
    old=5_000_000,
    fill_s=360.0,
    hot=1_000_000,
    cards=MANY_CARDS,
    hordak=300,
    accounting=50,
)
QUICK: Final = Sizes(
    rounds=3,
    round_s=1.0,
    young=20_000,
    old=100_000,
    fill_s=10.0,
    hot=50_000,
    cards=5_000,
    hordak=50,
    accounting=20,
)
