"""What tests look at after a night: findings that stand, and what is set aside."""

from collections.abc import Iterable

from sqlalchemy import select

from citizencard.db import reading
from citizencard.purse.uploads.models import FindingKind, TapFinding, TapRecord
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.settlement.clearing.models import TapSetAside
from citizencard.settlement.clearing.state import State, state_of
from tests.citizencard.settlement.histories.make_histories import Nights


def state(nights: Nights) -> State:
    """The city's comparable state."""
    with reading(nights.sessions) as session:
        return state_of(session)


def found(nights: Nights, kind: FindingKind) -> set[int]:
    """Sequences of the records on which a finding of this kind stands."""
    with reading(nights.sessions) as session:
        chosen = (
            select(TapRecord.terminal_sequence)
            .join(TapFinding, TapFinding.record_id == TapRecord.id)
            .where(TapFinding.kind == kind, TapFinding.withdrawn_at.is_(None))
        )
        return set(session.scalars(chosen))


def aside(nights: Nights) -> list[tuple[int, str, int, int]]:
    """Rows of what was set aside: number, cause, fen, fen of sponsors."""
    with reading(nights.sessions) as session:
        rows = session.scalars(select(TapSetAside).order_by(TapSetAside.record_id, TapSetAside.number)).all()
    return [(row.number, row.cause, row.amount_fen, row.subsidy_fen) for row in rows]


def sequences(records: Iterable[PurchaseRecord]) -> set[int]:
    """The sequences of some records."""
    return {record.terminal_sequence for record in records}
