"""One barrier, many uses: posting holds it shared, whoever needs the books at rest holds it alone for an instant.

PostgreSQL: a transaction-level advisory lock. SQLite: every writing transaction begins with BEGIN IMMEDIATE, which is the barrier.
Whoever holds the barrier alone waits for nothing else. What it protects (the open day, the last id) must be read in a *new* statement
after it: the same statement would still see the books from before the wait.
"""

from sqlalchemy import String, column, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ledger.arrays import is_postgresql
from ledger.errors import LedgerBusy

BARRIER = 0x4C4544474552
"""Name of the advisory lock: the letters LEDGER."""
EXCLUSIVE_WAIT_MS = 3_000
"""Posting queues up behind a waiting close, so the close gives up early and is tried again."""

FOLDING = 0x4C4544474602
SEALING = 0x4C4544474603
"""Names of the locks under which those who fold, and those who seal, take turns. Posting knows nothing of them."""

_LOCK_NOT_AVAILABLE = "55P03"
ENTERING = f"SELECT pg_advisory_xact_lock_shared({BARRIER})"
"""On PostgreSQL: join those who post."""
_ENTERING = text(ENTERING).columns(column("entered", String))


def enter(session: Session) -> None:
    """Join those who post, until the transaction ends. Waits while somebody has the ledger alone."""
    if is_postgresql(session):
        session.execute(_ENTERING)


def hold_alone(session: Session) -> None:
    """Have the ledger alone until the transaction ends: nobody is posting, every id in the books is final.

    A transaction that has posted must not ask for it: two that do wait for each other until the database ends one of them.

    Raises:
        LedgerBusy: those who are posting did not finish in time; roll back and try again later.
    """
    if not is_postgresql(session):
        return
    before = session.execute(text("SELECT current_setting('lock_timeout')")).scalar_one()
    _set_lock_timeout(session, f"{EXCLUSIVE_WAIT_MS}ms")
    try:
        session.execute(text("SELECT pg_advisory_xact_lock(:barrier)"), {"barrier": BARRIER})
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise LedgerBusy(f"posting did not pause within {EXCLUSIVE_WAIT_MS} ms") from error
        raise
    _set_lock_timeout(session, before)


def take_turns(session: Session, name: int) -> None:
    """Wait for others who do the same work, until the transaction ends. SQLite has one writer anyway."""
    if is_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": name})


def _set_lock_timeout(session: Session, value: str) -> None:
    session.execute(text("SELECT set_config('lock_timeout', :value, true)"), {"value": value})
