"""The step of the night for cards that others came in the place of: by portions, each a transaction, and again without harm."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from citizencard.db import Sessions, transaction
from citizencard.settlement.replacements.moving import due_moves, follow_dues, move_purses
from citizencard.settlement.replacements.shortfalls import book_shortfalls, moved_cards
from ledger import ClosedDay

CARDS_AT_ONCE: Final = 1_000
MAX_PORTIONS: Final = 1_000_000
"""More than all people of a province have cards: the step ends, whatever happens."""


def settle_replacements(
    sessions: Sessions, closed: ClosedDay, now: datetime, take_turns: Callable[[Session, ClosedDay], None]
) -> None:
    """Move what is due to move, and fill what late taps have taken. Again, or after a crash, it finds what is left to do.

    Args:
        sessions: for short transactions of its own.
        closed: the day.
        now: when it is written down.
        take_turns: lets one of several that settle the same day wait for the other.
    """
    last = ""
    for _ in range(MAX_PORTIONS):
        with transaction(sessions) as session:
            take_turns(session, closed)
            rows = due_moves(session, closed, CARDS_AT_ONCE, last)
            if not rows:
                break
            move_purses(session, rows, closed, now)
            last = rows[-1].old_card_id
    last = ""
    for _ in range(MAX_PORTIONS):
        with transaction(sessions) as session:
            take_turns(session, closed)
            rows = moved_cards(session, CARDS_AT_ONCE, last)
            if not rows:
                break
            book_shortfalls(session, rows, closed, now)
            follow_dues(session, rows, closed, now)
            last = rows[-1].old_card_id
