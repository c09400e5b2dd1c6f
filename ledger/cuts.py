"""Cuts: instants at which nobody was posting, so that every transfer up to an id is final; and what accounts held at one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from ledger import barrier, snapshots
from ledger.arrays import among, listed
from ledger.instants import in_utc
from ledger.models import AccountType, Cut, PostedTransfer

ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class SumUntil:
    """What an account held at a cut; `balance_fen` on the normal side of its type."""

    code: str
    family: str
    type: AccountType
    balance_fen: int


def draw_cut(session: Session, now: datetime) -> int:
    """Make every transfer that is in the books final; the id of the last one. Holds up posting until the commit, so commit at once.

    A transaction that has posted must not draw one.

    Raises:
        LedgerBusy: posting did not pause in time; roll back and try again later.
    """
    barrier.hold_alone(session)
    return draw_under_barrier(session, now)


def draw_under_barrier(session: Session, now: datetime) -> int:
    """Draw a cut for somebody who has the barrier alone already. Cuts follow one another in time, whatever a clock says."""
    last_drawn = session.execute(select(func.max(Cut.drawn_at))).scalar_one_or_none()
    cut_id: int = session.execute(select(func.coalesce(func.max(PostedTransfer.id), 0))).scalar_one()
    drawn_at = max(in_utc(now), last_drawn) if last_drawn else now
    session.execute(insert(Cut).values(drawn_at=drawn_at, cut_id=cut_id))
    return cut_id


def last_cut(session: Session) -> int:
    """Every transfer up to this id is final; 0 when no cut was drawn."""
    found: int = session.execute(select(func.coalesce(func.max(Cut.cut_id), 0))).scalar_one()
    return found


def sums_until(session: Session, cut_id: int, families: Sequence[str]) -> Iterator[SumUntil]:
    """Balances as at a cut, in the order of the codes: the last snapshot before it and the transfers since, up to the cut.

    Final for ever when the cut is that of a closed day. One statement after the snapshot is chosen; rows are streamed, accounts that never
    moved are left out.
    """
    base = snapshots.base_of(session, cut_id)
    statement = text(
        "SELECT * FROM (SELECT a.code, a.family, a.type,"  # noqa: S608 # constants
        f" {snapshots.sums('t.id <= :cut_id')} FROM ledger_account a WHERE {among(session, 'a.family', 'families')}) AS s"
        " WHERE s.debits_fen > 0 OR s.credits_fen > 0 ORDER BY s.code"
    ).bindparams(*snapshots.typed())
    found = session.execute(
        statement,
        {"cut_id": cut_id, "families": listed(session, families), **base.parameters()},
        execution_options={"yield_per": ROWS_AT_A_TIME},
    )
    for row in found:
        kind = AccountType(row.type)
        yield SumUntil(row.code, row.family, kind, kind.normal(row.debits_fen, row.credits_fen))
