"""Looking unloads up, for people at counters and for holders; nothing is locked."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.purse.unloads.models import Unload

MAX_UNLOADS: Final = 100


def unloads_of_card(session: Session, card_id: str, limit: int = MAX_UNLOADS) -> list[Unload]:
    """What was taken off a card or is to be, newest first; at most 100."""
    wanted = select(Unload).where(Unload.card_id == card_id).order_by(Unload.requested_at.desc(), Unload.id.desc())
    return list(session.scalars(wanted.limit(min(limit, MAX_UNLOADS))))
