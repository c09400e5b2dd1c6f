"""A one-time token once more, for a login that nobody has activated yet: the first token may have been lost on its way."""

from datetime import datetime

from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.staff.errors import StaffUnknown
from citizencard.staff.members import reset
from citizencard.staff.models import StaffMember


def invite_again(session: Session, staff_id: str, actor: Actor, now: datetime) -> str | None:
    """A new one-time token, which makes the one before void; None for a login that was activated or disabled meanwhile.

    Raises:
        StaffUnknown: there is no such login.
    """
    member = session.get(StaffMember, staff_id, with_for_update=True, populate_existing=True)
    if member is None:
        raise StaffUnknown("there is no such login")
    if member.disabled_at is not None or member.password_hash is not None:
        return None
    return reset(session, member.login, actor, now).one_time_token
