"""What a person should look at: kept beside the records, with no effect on money at upload."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final, cast

from sqlalchemy import Table, text
from sqlalchemy.orm import Session

from citizencard.clock import BEIJING
from citizencard.purse.uploads.judge import Judgement
from citizencard.purse.uploads.models import FindingKind, Reason, TapFinding
from citizencard.purse.uploads.rows import as_json, insert_new, listed

BAD_TACS_OF_TERMINAL: Final = 20
BAD_TACS_OF_CARD: Final = 5
"""So many bad TACs of one terminal or one card on a Beijing day raise an alarm."""

_FINDINGS: Final = cast("Table", TapFinding.__table__)
_REUSED: Final = (
    "SELECT r.id FROM tap_record r WHERE r.id IN {ids} AND r.identity IS NOT NULL AND EXISTS (SELECT 1 FROM tap_record o"
    " WHERE o.terminal_number = r.terminal_number AND o.terminal_sequence = r.terminal_sequence"
    " AND o.identity IS NOT NULL AND o.id < r.id)"
)
_BAD_TACS: Final = (
    "SELECT id, terminal_number, card_serial FROM tap_record WHERE reason = 'bad_tac' AND received_at >= :since"
    " AND (terminal_number = :terminal OR card_serial IN (SELECT card_serial FROM tap_record WHERE id IN {ids}))"
    " ORDER BY id"
)


def keep_findings(session: Session, new: Mapping[int, Judgement], terminal: bytes, now: datetime) -> None:
    """Keep the findings on the records that have just gone in, in at most three statements.

    Args:
        session: joined.
        new: judgements by the id of the record's row.
        terminal: the batch's terminal number.
        now: when the upload came.
    """
    rows = [
        _row(record_id, kind, detail, now)
        for record_id, judgement in new.items()
        for kind, detail in judgement.findings.items()
    ]
    claims = [record_id for record_id, judgement in new.items() if judgement.claims_identity]
    if claims:
        reused = text(_REUSED.format(ids=listed(session, "ids", of="bigint")))
        repeated = session.execute(reused, {"ids": as_json(claims)}).scalars()
        rows += [_row(record_id, FindingKind.SEQUENCE_REUSED, {}, now) for record_id in repeated]
    bad = [record_id for record_id, judgement in new.items() if judgement.reason is Reason.BAD_TAC]
    if bad:
        rows += _alarms(session, bad, terminal, now)
    insert_new(session, _FINDINGS, rows, "id")


def _alarms(session: Session, bad: list[int], terminal: bytes, now: datetime) -> list[dict[str, Any]]:
    """An alarm on the record that reaches a day's limit of bad TACs, of its terminal or of its card."""
    midnight = datetime.combine(now.astimezone(BEIJING).date(), time(), BEIJING)
    statement = text(_BAD_TACS.format(ids=listed(session, "ids", of="bigint")))
    digits = terminal.hex().upper()
    since = as_json(midnight).strip('"')
    found = session.execute(statement, {"ids": as_json(bad), "terminal": digits, "since": since}).all()
    of_terminal = [row.id for row in found if row.terminal_number == digits]
    of_card: dict[str, list[int]] = {}
    for row in found:
        of_card.setdefault(row.card_serial, []).append(row.id)
    new = set(bad)
    reached = [(FindingKind.BAD_TACS_OF_TERMINAL, BAD_TACS_OF_TERMINAL, of_terminal)]
    reached += [(FindingKind.BAD_TACS_OF_CARD, BAD_TACS_OF_CARD, ids) for ids in of_card.values()]
    return [
        _row(ids[limit - 1], kind, {"limit": limit}, now)
        for kind, limit, ids in reached
        if len(ids) >= limit and ids[limit - 1] in new
    ]


def _row(record_id: int, kind: FindingKind, detail: Mapping[str, int | str], now: datetime) -> dict[str, Any]:
    return {"record_id": record_id, "kind": kind, "detail": dict(detail), "found_at": now}
