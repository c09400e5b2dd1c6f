"""An enrolment code once more, for a device that has no key yet: the first code may have been lost on its way."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.terminals.enrolment import issue_enrolment_code
from citizencard.terminals.models import TerminalKey


def invite_again(session: Session, terminal_id: str, *, now: datetime) -> str | None:
    """A new one-time code, which makes the one before void; None for a device that has brought its key meanwhile.

    Raises:
        UnknownTerminal: there is no such device.
    """
    known = session.scalar(select(TerminalKey.id).where(TerminalKey.terminal_id == terminal_id).limit(1))
    return None if known is not None else issue_enrolment_code(session, terminal_id, now=now)
