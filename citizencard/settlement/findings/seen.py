"""How far people have looked: the last finding of a tap, and the last that a note or a decision knew of."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.purse.decisions.models import TapDecision, TapNote
from citizencard.purse.uploads.models import TapFinding


def last_findings(session: Session, record_ids: Sequence[int]) -> dict[int, int]:
    """The last finding of each tap that stands; taps without one are left out."""
    chosen = select(TapFinding.record_id, func.max(TapFinding.id)).where(
        TapFinding.record_id.in_(record_ids), TapFinding.withdrawn_at.is_(None)
    )
    return {record_id: int(last) for record_id, last in session.execute(chosen.group_by(TapFinding.record_id))}


def seen_to(session: Session, record_ids: Sequence[int]) -> dict[int, int]:
    """The last finding of each tap that a note or a decision knew of, 0 if there was none; taps that nobody looked at are left out."""
    notes = select(TapNote.record_id, func.max(TapNote.finding_to)).where(TapNote.record_id.in_(record_ids))
    found = {record_id: int(last) for record_id, last in session.execute(notes.group_by(TapNote.record_id))}
    decisions = select(TapDecision.record_id, TapDecision.finding_to).where(TapDecision.record_id.in_(record_ids))
    for record_id, last in session.execute(decisions):
        found[record_id] = max(last, found.get(record_id, 0))
    return found
