"""The stop switch: when the books cannot be proved, no money moves until somebody has looked and says so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from ledger.errors import LedgerStopped, NotStopped
from ledger.models import Stop

LONGEST_CAUSE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Stopped:
    """Since when no money moves, and why."""

    stopped_at: datetime
    cause: str


def stop(session: Session, cause: str, *, now: datetime) -> Stopped:
    """Stop the ledger. One that is stopped stays stopped for its first cause."""
    found = stopped(session)
    if found:
        return found
    session.execute(insert(Stop).values(stopped_at=now, cause=cause[:LONGEST_CAUSE]))
    return Stopped(now, cause[:LONGEST_CAUSE])


def stopped(session: Session) -> Stopped | None:
    """Whether the ledger is stopped."""
    found = session.execute(select(Stop.stopped_at, Stop.cause).where(Stop.state == "stopped")).one_or_none()
    return None if found is None else Stopped(found.stopped_at, found.cause)


def refuse(session: Session) -> None:
    """Go no further while the ledger is stopped.

    Raises:
        LedgerStopped: it is.
    """
    if stopped(session):
        raise LedgerStopped("the books could not be proved")


def release(session: Session, by: str, reason: str, *, now: datetime) -> Stopped:
    """Let money move again; who and why is kept. The caller writes the act into its audit in the same transaction.

    Args:
        session: the caller's transaction.
        by: opaque id of the person, at most 64 characters.
        reason: what was found and done; at most 1,000 characters are kept.
        now: the instant.

    Returns:
        The stop that was released.

    Raises:
        NotStopped: the ledger is not stopped.
    """
    found = stopped(session)
    if found is None:
        raise NotStopped("the ledger is not stopped")
    session.execute(
        update(Stop)
        .where(Stop.state == "stopped")
        .values(state="released", released_at=now, released_by=by, reason=reason[:LONGEST_CAUSE])
    )
    return found
