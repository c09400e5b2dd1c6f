"""Seals over the audit trail: the ledger's kind of chain, made final by the ledger's own barrier, its head in the same file.

`ledger/chain.py` says how rows become seals. An entry's canonical bytes are a JSON array in ASCII without spaces: id, recorded_at,
actor_kind, actor_id, person_id, role, workstation, act, subject, reason, before_hash, after_hash, request_id. The instant in UTC with
microseconds and `+00:00`, the hashes in hexadecimal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Row, Table, bindparam, func, insert, select
from sqlalchemy.orm import Session

from citizencard.audit.models import AuditCut, AuditEntry, AuditSeal
from ledger import Difference, Progress, barrier
from ledger.chain import MAX_SEALED_AT_ONCE, Chain, add_link, differences, encode
from ledger.instants import canonical

SEALING: Final = 0x415544495403
"""Name of the lock under which those who seal the trail take turns."""


@dataclass(frozen=True, slots=True)
class SealedTrail:
    """A seal over entries of the trail: its number, what it covers, and its hash."""

    seal: int
    first_id: int
    last_id: int
    entries: int
    hash: str


@dataclass(frozen=True, slots=True)
class TrailHead:
    """The last seal of the trail: its number, the last entry under it, how many are sealed in all, its hash, and when it was made."""

    seal: int
    last_id: int
    entries: int
    hash: str
    sealed_at: str


def cut_trail(session: Session, now: datetime) -> int:
    """Make every entry that is in the trail final; the id of the last one. Takes the ledger's barrier alone, so commit at once.

    A transaction that has recorded or posted must not ask for it, unless it has the ledger alone already.

    Raises:
        LedgerBusy: those who are writing did not finish in time; roll back and try again later.
    """
    barrier.hold_alone(session)
    # A new statement: the one before may have waited for those who were writing.
    cut_id: int = session.execute(select(func.coalesce(func.max(AuditEntry.id), 0))).scalar_one()
    session.execute(insert(AuditCut).values(drawn_at=now, cut_id=cut_id))
    return cut_id


def seal_trail(session: Session, *, now: datetime, limit: int = MAX_SEALED_AT_ONCE) -> SealedTrail | None:
    """Seal what is final in the trail and not sealed yet, at most `limit` entries; None when there is nothing.

    In a transaction after that of `cut_trail`, called until it returns None. Again, or after a crash, it goes on where it stopped.
    """
    cut_id: int = session.execute(select(func.coalesce(func.max(AuditCut.cut_id), 0))).scalar_one()
    made = add_link(session, ENTRIES, cut_id, now, limit)
    return None if made is None else SealedTrail(made.number, made.first_id, made.last_id, made.rows, made.hash)


def trail_head(session: Session) -> TrailHead | None:
    """The last seal of the trail; None before the first one."""
    entries = select(func.sum(AuditSeal.entries)).scalar_subquery()
    found = session.execute(
        select(AuditSeal.id, AuditSeal.last_id, entries, AuditSeal.hash, AuditSeal.sealed_at)
        .order_by(AuditSeal.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    return TrailHead(found[0], found[1], int(found[2]), found[3], canonical(found[4]))


def trail_differences(session: Session, progress: Progress | None = None) -> Iterator[Difference]:
    """Recompute the chain from the entries: each that was altered, removed or slipped in is named, the first one first."""
    return differences(session, ENTRIES, progress)


def trail_differs(session: Session, number: int, noted: str) -> Difference | None:
    """Hold the hash of a seal, as it was noted outside of the house, against the trail's chain."""
    found = session.execute(select(AuditSeal.hash).where(AuditSeal.id == number)).scalar_one_or_none()
    if found == noted:
        return None
    return Difference("seal_head", f"audit seal {number}", noted, found or "no such audit seal")


def canonical_entry(row: Row[Any]) -> bytes:
    """An entry as it is hashed."""
    return encode(
        [
            row.id,
            canonical(row.recorded_at),
            row.actor_kind,
            row.actor_id,
            row.person_id,
            row.role,
            row.workstation,
            row.act,
            row.subject,
            row.reason,
            None if row.before_hash is None else bytes(row.before_hash).hex(),
            None if row.after_hash is None else bytes(row.after_hash).hex(),
            row.request_id,
        ]
    ).encode()


_TABLE: Final = cast("Table", AuditEntry.__table__)
ENTRIES: Final = Chain(
    seals=cast("Table", AuditSeal.__table__),
    counted="entries",
    rows=select(_TABLE)
    .where(_TABLE.c.id >= bindparam("first_id"), _TABLE.c.id <= bindparam("last_id"))
    .order_by(_TABLE.c.id)
    .limit(bindparam("limit")),
    canonical=canonical_entry,
    row_name="audit entry",
    seal_name="audit seal",
    turns=SEALING,
)
"""The chain over the audit trail."""
