"""Noting that findings were looked at: no money moves, so one person and a reason are enough."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import REASON_CHARS, Actor, ReasonUnfit
from citizencard.db import flush_unique
from citizencard.purse.decisions.models import TapDecision, TapNote
from citizencard.purse.uploads.models import TapRecord, Verdict
from citizencard.settlement.findings.errors import NothingToNote, TapNotOpen, UnknownTap
from citizencard.settlement.findings.lines import check_count
from citizencard.settlement.findings.seen import last_findings, seen_to
from citizencard.settlement.findings.suspended import suspended

TAP_NOTE: Final = "tap.note"


def note_taps(session: Session, record_ids: Sequence[int], reason: str, actor: Actor, now: datetime) -> None:
    """Say of 1 to 500 taps that what was found about them so far needs nothing more. What is found later is looked at anew.

    Raises:
        DecisionLinesUnfit: none, too many, or one twice.
        ReasonUnfit: no reason, too long a one, or a person's number in it.
        UnknownTap: there is no such tap.
        TapNotOpen: its money is undecided; a note cannot settle that.
        NothingToNote: nothing is found about it that somebody has not noted or decided yet.
    """
    check_count(record_ids, len(set(record_ids)))
    if not reason.strip():
        raise ReasonUnfit("a note needs a reason", max_chars=REASON_CHARS)
    records = {row.id: row for row in session.scalars(select(TapRecord).where(TapRecord.id.in_(record_ids)))}
    known = seen_to(session, record_ids)
    last = last_findings(session, record_ids)
    decided = set(session.scalars(select(TapDecision.record_id).where(TapDecision.record_id.in_(record_ids))))
    waiting = suspended(session, list(records.values()))
    for record_id in record_ids:
        if record_id not in records:
            raise UnknownTap(f"no tap {record_id}", record=record_id)
        if record_id in waiting and record_id not in decided:
            raise TapNotOpen(f"money of tap {record_id} is undecided", record=record_id)
        is_rejected = records[record_id].verdict == Verdict.REJECTED and record_id not in known
        if not is_rejected and last.get(record_id, 0) <= known.get(record_id, 0):
            raise NothingToNote(f"nothing is open about tap {record_id}", record=record_id)
        session.add(
            TapNote(
                record_id=record_id,
                finding_to=last.get(record_id, 0),
                reason=reason,
                noted_by=actor.id,
                noted_at=now,
            )
        )
        audit.record(session, actor, TAP_NOTE, f"tap_{record_id}", reason=reason, now=now)
    flush_unique(session, NothingToNote("somebody has noted this in the same moment", record=record_ids[0]))
