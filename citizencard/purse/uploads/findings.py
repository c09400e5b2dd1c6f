"""What a person should look at: kept beside the records, with no effect on money at upload."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from citizencard.purse.uploads.judge import Judgement
from citizencard.purse.uploads.models import FindingKind, TapFinding
from citizencard.purse.uploads.rows import insert_new

_FINDINGS: Final = cast("Table", TapFinding.__table__)


def keep_findings(session: Session, new: Mapping[int, Judgement], now: datetime) -> None:
    """Keep the findings on the records that have just gone in, in one statement.

    Args:
        session: joined.
        new: judgements by the id of the record's row.
        now: when the upload came.
    """
    rows = [
        _row(record_id, kind, detail, now)
        for record_id, judgement in new.items()
        for kind, detail in judgement.findings.items()
    ]
    insert_new(session, _FINDINGS, rows, "id")


def _row(record_id: int, kind: FindingKind, detail: Mapping[str, int | str], now: datetime) -> dict[str, Any]:
    return {"record_id": record_id, "kind": kind, "detail": dict(detail), "found_at": now}
