"""Putting a card in the place of another: from then on what belongs to the holder of the old one belongs to the new one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.cards.models import Card, CardState, HotlistEntry
from citizencard.cards.states import Deed, locked_card
from citizencard.db import flush_unique
from citizencard.settlement.replacements.errors import CardNotReplaceable, CardReplaced, ReplacementUnfit
from citizencard.settlement.replacements.models import CardReplacement, ReplacedFor

WAITING: Final = timedelta(days=7)
"""Taps of the old card may be on their way for so long; the money on its chip is known only when they are in."""
CARD_REPLACE: Final = "card.replace"
REPLACEABLE: Final = {CardState.LOST: ReplacedFor.LOST, CardState.BLOCKED: ReplacedFor.BROKEN}
NEW: Final = frozenset({CardState.APPLIED, CardState.PERSONALISED, CardState.ISSUED, CardState.ACTIVE})


@dataclass(frozen=True, slots=True)
class Pair:
    """The card that is replaced, and the one that takes its place."""

    old_card_id: str
    new_card_id: str


def replace_card(session: Session, pair: Pair, deed: Deed) -> CardReplacement:
    """Put a card in the place of one that is lost for good or broken. Seven days later its money follows, at the close of the day.

    Raises:
        UnknownCard: one of the two does not exist.
        CardNotReplaceable: the old card is neither lost for good nor blocked.
        ReplacementUnfit: the new card is another person's, or not in use any more.
        CardReplaced: either of them is part of a replacement already.
        ReasonUnfit: see `audit.record`.
    """
    # In the order of their ids, so that two who replace each other's cards wait instead of deadlocking.
    cards = {card_id: locked_card(session, card_id) for card_id in sorted({pair.old_card_id, pair.new_card_id})}
    old, new = cards[pair.old_card_id], cards[pair.new_card_id]
    reason = REPLACEABLE.get(CardState(old.state))
    if reason is None:
        raise CardNotReplaceable(f"the card is {old.state}", card_id=old.id, state=old.state)
    if old is new or new.person_id != old.person_id or new.state not in NEW:
        raise ReplacementUnfit(f"the new card is {new.state}", card_id=new.id, state=new.state)
    taken = CardReplaced("a card is replaced once, and takes the place of one", card_id=old.id)
    if session.scalar(select(func.count()).select_from(CardReplacement).where(_about(old, new))):
        raise taken
    row = CardReplacement(
        old_card_id=old.id,
        new_card_id=new.id,
        reason=reason,
        liable_until=_liable_until(session, old) if reason is ReplacedFor.LOST else None,
        replaced_at=deed.now,
        replaced_by=deed.actor.id,
        move_from=deed.now + WAITING,
    )
    session.add(row)
    flush_unique(session, taken)
    after = {"new_card_id": new.id, "reason": str(reason)}
    audit.record(session, deed.actor, CARD_REPLACE, old.id, reason=deed.reason, after=after, now=deed.now)
    return row


def _about(old: Card, new: Card) -> ColumnElement[bool]:
    return or_(CardReplacement.old_card_id == old.id, CardReplacement.new_card_id == new.id)


def _liable_until(session: Session, old: Card) -> datetime | None:
    """From when on the loss is not the holder's: the start of the hotlist entry that stands."""
    return session.scalar(
        select(func.min(HotlistEntry.effective_from)).where(
            HotlistEntry.serial == old.serial, HotlistEntry.removed_from.is_(None)
        )
    )
