"""Which software devices of a kind shall run. Nobody is refused for an old one; whoever looks after devices sees which lag behind."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.terminals.errors import VersionUnknown
from citizencard.terminals.models import MAX_SOFTWARE_CHARACTERS, TerminalKind, TerminalSoftware


def require_software(
    session: Session, kind: TerminalKind, software: str, actor: Actor, now: datetime
) -> TerminalSoftware:
    """Say which software devices of a kind shall run from now on, in the words in which they name it themselves.

    Raises:
        VersionUnknown: nothing, or more than 64 characters.
    """
    software = software.strip()
    if not 1 <= len(software) <= MAX_SOFTWARE_CHARACTERS:
        raise VersionUnknown(f"software has 1 to {MAX_SOFTWARE_CHARACTERS} characters", kind="software", version=0)
    row = TerminalSoftware(kind=kind, software=software, set_by=actor.id, set_at=now)
    session.add(row)
    session.flush()
    record(session, actor, "terminal_software.set", f"kind:{kind}", after={"software": software}, now=now)
    return row


def required_rows(session: Session) -> list[TerminalSoftware]:
    """What each kind shall run, one row a kind, by kind; kinds about which nobody has said anything are left out."""
    newest = select(func.max(TerminalSoftware.id)).group_by(TerminalSoftware.kind)
    chosen = select(TerminalSoftware).where(TerminalSoftware.id.in_(newest))
    return list(session.scalars(chosen.order_by(TerminalSoftware.kind)))


def required_software(session: Session) -> dict[str, str]:
    """The same, as texts by kind."""
    return {row.kind: row.software for row in required_rows(session)}
