"""The step of the night that applies the history rules: cards by portions, each in a transaction of its own."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from citizencard.settlement.histories.adjusting import adjust
from citizencard.settlement.histories.rides import waiting_cards
from ledger import ClosedDay, Progress

CARDS_AT_ONCE: Final = 200
MAX_PORTIONS: Final = 1_000_000
"""More than all people of a province have cards: the step ends, whatever happens."""
RATED: Final = "cards rated with their history"
"""What the progress is called."""


def rate_histories(
    sessions: Sessions,
    closed: ClosedDay,
    now: datetime,
    take_turns: Callable[[Session, ClosedDay], None],
    tell: Progress | None = None,
) -> None:
    """Rate every card that has new rides under a tariff with history rules. Again, or after a crash, it goes on where it stopped.

    Costs one statement where there are none.

    Args:
        sessions: for short transactions of its own.
        closed: the day; rides that came in after its close wait for the next one.
        now: when it is written down.
        take_turns: lets one of several that settle the same day wait for the other.
        tell: told how many cards are done.
    """
    last, done = "", 0
    for _ in range(MAX_PORTIONS):
        with reading(sessions) as session:
            cards = waiting_cards(session, closed.closed_at, last, CARDS_AT_ONCE)
        if not cards:
            break
        with transaction(sessions) as session:
            take_turns(session, closed)
            done += adjust(session, cards, closed, now).cards
        last = cards[-1]
        if tell is not None:
            tell(RATED, done)
