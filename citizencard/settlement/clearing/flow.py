"""The step of the night that clears taps: what is new is written down once, then cards and terminals by portions, each a transaction.

It comes before the history rules, so that a ride whose money is set aside counts towards nobody's cap, and before netting, so that nothing
is paid out that is in doubt.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from citizencard.db import Sessions, transaction
from citizencard.settlement.clearing.asides import move_money
from citizencard.settlement.clearing.asking import Portion
from citizencard.settlement.clearing.bearing import hotlisted
from citizencard.settlement.clearing.claims import claims_differ
from citizencard.settlement.clearing.counters import forks, rollbacks_and_travel
from citizencard.settlement.clearing.found import settle_findings
from citizencard.settlement.clearing.guarantee import over_guarantee
from citizencard.settlement.clearing.models import SubjectKind
from citizencard.settlement.clearing.rerating import Rerating
from citizencard.settlement.clearing.sequences import disorder, gaps, reused
from citizencard.settlement.clearing.silence import silent_terminals
from citizencard.settlement.clearing.spending import over_limits
from citizencard.settlement.clearing.work import begin_clearing, end_clearing, is_done, next_portion
from ledger import ClosedDay, Progress

CARDS_AT_ONCE: Final = 2_000
TERMINALS_AT_ONCE: Final = 50
MAX_PORTIONS: Final = 1_000_000
"""More than all people of a province have cards: the step ends, whatever happens."""
CARDS_CLEARED: Final = "cards cleared"
TERMINALS_CLEARED: Final = "terminals cleared"
"""What the progress is called."""

TakeTurns = Callable[[Session, ClosedDay], None]
_ClearPortion = Callable[[Session, Portion, ClosedDay, datetime], None]


def clear_taps(
    sessions: Sessions, closed: ClosedDay, now: datetime, take_turns: TakeTurns, tell: Progress | None = None
) -> None:
    """Look at all cards and terminals with new taps over the whole set, keep findings, and set money aside that is in doubt.

    Again, or after a crash, it goes on where it stopped; a day that is cleared stays as it is. What is found, and where the money is in
    the end, depends on the taps that are in, not on what came first, how it was split, or how often days were closed in between.

    Args:
        sessions: for short transactions of its own.
        closed: the day; records that came in after its close wait for the next one.
        now: when it is written down.
        take_turns: lets one of several that settle the same day wait for the other.
        tell: told how many cards and terminals are done.
    """
    with transaction(sessions) as session:
        take_turns(session, closed)
        if not begin_clearing(session, closed):
            return
    for kind, most, name, clear in (
        (SubjectKind.TERMINAL, TERMINALS_AT_ONCE, TERMINALS_CLEARED, clear_terminals),
        (SubjectKind.CARD, CARDS_AT_ONCE, CARDS_CLEARED, clear_cards),
    ):
        done = 0
        for _ in range(MAX_PORTIONS):
            with transaction(sessions) as session:
                take_turns(session, closed)
                portion = next_portion(session, kind, most)
                if not portion.subjects:
                    break
                clear(session, portion, closed, now)
                is_done(session, kind, portion)
            done += len(portion.subjects)
            if tell is not None:
                tell(name, done)
    with transaction(sessions) as session:
        take_turns(session, closed)
        settle_findings(session, *silent_terminals(session, closed.closed_at), now)
        end_clearing(session, closed, now)


def clear_terminals(session: Session, portion: Portion, _closed: ClosedDay, now: datetime) -> None:
    """What the taps of some terminal numbers say together; no money moves."""
    for found, standing in (
        (reused(session, portion), []),
        disorder(session, portion),
        (claims_differ(session, portion), []),
        gaps(session, portion, now),
    ):
        settle_findings(session, found, standing, now)


def clear_cards(session: Session, portion: Portion, closed: ClosedDay, now: datetime) -> None:
    """What the taps of some cards say together, and what is set aside for it, in the caller's one transaction."""
    forked = forks(session, portion)
    settle_findings(session, forked, [], now)
    for found, standing in (
        rollbacks_and_travel(session, portion),
        over_limits(session, portion),
        Rerating(session).differing(portion),
        (hotlisted(session, portion), []),
    ):
        settle_findings(session, found, standing, now)
    uncovered, stood = over_guarantee(session, portion)
    settle_findings(session, uncovered, stood, now)
    touched = {one.record_id for one in (*forked, *uncovered)} | {record_id for record_id, _ in stood}
    move_money(session, touched, closed, now)
