"""The hotlist: cards that terminals refuse. Entries start now or later, never earlier, and are removed, never deleted."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.cards.models import Card, HotlistEntry


def put_on_hotlist(session: Session, card: Card, *, reason: str, window: timedelta, now: datetime) -> HotlistEntry:
    """Have terminals refuse the card from `now + window` on.

    A card that is listed already keeps its entry, unless the new one would take effect earlier: then the entry is closed where the new
    one starts, so that nothing is ever back-dated and a stricter reason is not delayed by a milder one.

    Args:
        session: joins the caller's transaction, which holds the card row's lock.
        card: the card.
        reason: slug such as `lost`.
        window: time that the holder still bears, zero or more.
        now: the present.

    Raises:
        ValueError: a negative window.
    """
    if window < timedelta(0):
        raise ValueError("a hotlist entry cannot be back-dated")
    effective_from = now + window
    present = session.scalars(
        select(HotlistEntry).where(HotlistEntry.serial == card.serial, HotlistEntry.removed_from.is_(None))
    ).one_or_none()
    if present is not None:
        if present.effective_from <= effective_from:
            return present
        present.removed_from = present.effective_from
        session.flush()
    entry = HotlistEntry(
        card_id=card.id, serial=card.serial, reason=reason, recorded_at=now, effective_from=effective_from
    )
    session.add(entry)
    session.flush()
    return entry


def take_off_hotlist(session: Session, card: Card, *, now: datetime) -> None:
    """Let terminals take the card again from now on; an entry that had not taken effect yet never will."""
    present = session.scalars(
        select(HotlistEntry).where(HotlistEntry.serial == card.serial, HotlistEntry.removed_from.is_(None))
    ).one_or_none()
    if present is not None:
        present.removed_from = max(now, present.effective_from)
        session.flush()
