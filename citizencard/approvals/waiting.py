"""What waits for a second person, page by page."""

from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from citizencard.approvals.models import PROPOSED, Approval

MAX_PAGE: Final = 200


def waiting(session: Session, now: datetime, *, after: str | None = None, limit: int = MAX_PAGE) -> list[Approval]:
    """Open proposals, oldest first: those after the one with the id `after`, at most 200. An id that nobody has begins anew."""
    chosen = select(Approval).where(Approval.state == PROPOSED, Approval.expires_at > now)
    last = None if after is None else session.get(Approval, after)
    if last is not None:
        same_instant = (Approval.proposed_at == last.proposed_at) & (Approval.id > last.id)
        chosen = chosen.where(or_(Approval.proposed_at > last.proposed_at, same_instant))
    return list(session.scalars(chosen.order_by(Approval.proposed_at, Approval.id).limit(min(limit, MAX_PAGE))))
