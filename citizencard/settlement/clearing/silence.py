"""Terminals that say nothing while others of their line work: broken, or out of somebody's sight."""

# ruff: noqa: S608 - our own SQL is put into the text, values never
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import FindingKind
from citizencard.purse.uploads.rows import as_json
from citizencard.settlement.clearing.asking import BELIEVED
from citizencard.settlement.clearing.found import Found
from citizencard.settlement.clearing.limits import SILENT_AFTER

_LAST: Final = (
    "(SELECT r.id FROM tap_record r WHERE r.terminal_number = b.terminal_number"
    f" AND {BELIEVED} ORDER BY r.terminal_sequence DESC, r.tapped_at DESC, r.identity DESC LIMIT 1)"
)
_SILENT: Final = (
    f"WITH bound AS (SELECT b.terminal_id, b.line, {_LAST} AS last_id FROM terminal_binding b"
    " JOIN terminal t ON t.id = b.terminal_id AND t.state = 'active'"
    " WHERE b.valid_to IS NULL AND b.line IS NOT NULL AND b.valid_from <= :since),"
    " spoken AS (SELECT bound.line, r.id, r.tapped_at, h.at AS beat_at FROM bound JOIN tap_record r ON r.id = bound.last_id"
    " LEFT JOIN terminal_heartbeat h ON h.terminal_id = bound.terminal_id)"
    " SELECT s.id FROM spoken s WHERE s.tapped_at < :since AND (s.beat_at IS NULL OR s.beat_at < :since)"
    " AND EXISTS (SELECT 1 FROM spoken o WHERE o.line = s.line AND o.tapped_at >= :since) ORDER BY s.id"
)
_STANDING: Final = "SELECT record_id FROM tap_finding WHERE kind = :kind AND withdrawn_at IS NULL"


def silent_terminals(session: Session, at: datetime) -> tuple[list[Found], list[tuple[int, str]]]:
    """The last taps of terminals without tap and heartbeat for SILENT_AFTER, and the findings that stand; two statements.

    A terminal that never was used has no tap that a finding could be about: the registry shows it.

    Args:
        session: read only.
        at: the close of the day.
    """
    kind = FindingKind.SILENT_TERMINAL
    since = as_json(at - SILENT_AFTER).strip('"')
    silent = session.scalars(text(_SILENT), {"since": since}).all()
    standing = session.scalars(text(_STANDING), {"kind": kind}).all()
    return [Found(record_id, kind, {}) for record_id in silent], [(record_id, str(kind)) for record_id in standing]
