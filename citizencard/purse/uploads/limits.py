"""Limits on bad TACs: a TAC has four bytes, so who may guess often enough guesses right.

After so many bad ones of a terminal number or a card on a Beijing day, nothing more of it is judged: a record of it gets no verdict and no
answer to its TAC, good or bad, and the terminal keeps it until a person releases the limit. Then counting begins anew. What was judged
before is still answered, and does not count again.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import Actor
from citizencard.purse.uploads.errors import LimitReleased, UnknownLimit
from citizencard.purse.uploads.models import LimitKind, UploadLimit

BAD_TACS_OF_TERMINAL: Final = 20
BAD_TACS_OF_CARD: Final = 5
"""The bad TAC that is the so-many-th of one terminal number, or of one card, on a Beijing day is the last that is judged."""
MAX_PAGE: Final = 200
RELEASE: Final = "upload_limit.release"


class KeptReason(StrEnum):
    """Why a record was not judged; the terminal keeps it."""

    TERMINAL = "too_many_bad_tacs_of_terminal"
    CARD = "too_many_bad_tacs_of_card"


KEPT_BY: Final = {LimitKind.TERMINAL: KeptReason.TERMINAL, LimitKind.CARD: KeptReason.CARD}


def open_limits(session: Session, after: int = 0, limit: int = 50) -> Sequence[UploadLimit]:
    """The limits that nobody has released yet, in the order in which they were reached; continue with the last `id` as `after`.

    Args:
        session: read only.
        after: id of the last one of the page before.
        limit: at most MAX_PAGE.
    """
    chosen = select(UploadLimit).where(UploadLimit.released_at.is_(None), UploadLimit.id > after)
    return session.scalars(chosen.order_by(UploadLimit.id).limit(min(limit, MAX_PAGE))).all()


def release_limit(session: Session, limit_id: int, actor: Actor, reason: str, now: datetime) -> UploadLimit:
    """Let the records of a terminal or a card be judged again; what is uploaded from now on counts anew. Joins, never commits.

    Args:
        session: joined.
        limit_id: of the limit.
        actor: who releases it.
        reason: why, 1 to 200 characters that name nobody by number.
        now: the present.

    Raises:
        UnknownLimit: there is none.
        LimitReleased: somebody has released it before.
        ReasonUnfit: no reason, too long a one, or a person's number in it.
    """
    wanted = select(UploadLimit).where(UploadLimit.id == limit_id).with_for_update()
    found = session.scalars(wanted, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise UnknownLimit(f"no limit {limit_id}", limit=limit_id)
    if found.released_at is not None:
        raise LimitReleased(f"limit {limit_id} is released", limit=limit_id)
    if not reason.strip():
        raise audit.ReasonUnfit("releasing a limit needs a reason", max_chars=audit.REASON_CHARS)
    audit.record(
        session,
        actor,
        RELEASE,
        f"upload_limit:{limit_id}",
        reason=reason,
        before={"kind": found.kind, "cause_record_id": found.cause_record_id, "state": "open"},
        after={"kind": found.kind, "cause_record_id": found.cause_record_id, "state": "released"},
        now=now,
    )
    found.released_at, found.released_by, found.reason = now, actor.id, reason
    session.flush()
    return found
