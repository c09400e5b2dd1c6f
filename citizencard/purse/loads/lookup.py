"""Looking loads up, for people at counters; nothing is locked."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.purse.loads.models import Load

MAX_LOADS: Final = 100


def loads_of_card(session: Session, card_id: str, limit: int = MAX_LOADS) -> list[Load]:
    """What was loaded onto a card or is on its way, newest first; at most 100."""
    wanted = select(Load).where(Load.card_id == card_id).order_by(Load.requested_at.desc(), Load.id.desc())
    return list(session.scalars(wanted.limit(min(limit, MAX_LOADS))))
