"""Taps as people see them: of one card, the latest of the city, and the figures for the home page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import TapFinding, TapRecord, Verdict
from citizencard.purse.uploads.records import RecordKind

MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap as a resident or a clerk may see it.

    Args:
        record_id: continue a page from here.
        card_serial: 10 bytes; mask it before people who have no business with the card see it.
        at: time of the tap.
        merchant_id, line: of the binding then.
        paid_fen: what left the chip.
        verdict, reason: the first verdict.
        explanation: why the price is what it is, as data (base, concession, transfer, who pays).
    """

    record_id: int
    card_serial: bytes
    at: datetime | None
    merchant_id: str | None
    line: int | None
    paid_fen: int
    subsidy_fen: int
    verdict: Verdict
    reason: str | None
    explanation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a tap that a person should look at.

    Args:
        finding_id: continue a page from here.
        kind: what it is.
        detail: figures that belong to it.
        found_at: when.
        tap: what it is about.
    """

    finding_id: int
    kind: str
    detail: dict[str, Any]
    found_at: datetime
    tap: Tap


def taps_of_card(session: Session, card_serial: bytes, *, before: int | None = None, limit: int = 50) -> list[Tap]:
    """The taps of one card, latest upload first, without rejected records; continue with the last `record_id` as `before`."""
    chosen = _paid().where(TapRecord.card_serial == card_serial)
    if before is not None:
        chosen = chosen.where(TapRecord.id < before)
    return _taps(session.scalars(chosen.limit(min(limit, MAX_PAGE))))


def latest_taps(session: Session, limit: int = 10) -> list[Tap]:
    """The taps that came in last, latest first, without rejected records. At most 200."""
    return _taps(session.scalars(_paid().limit(min(limit, MAX_PAGE))))


def findings_page(session: Session, *, after: int = 0, limit: int = 50) -> list[Finding]:
    """Findings in the order in which they were made, each with its tap; continue with the last `finding_id` as `after`."""
    chosen = (
        select(TapFinding, TapRecord)
        .join(TapRecord, TapRecord.id == TapFinding.record_id)
        .where(TapFinding.id > after)
        .order_by(TapFinding.id)
        .limit(min(limit, MAX_PAGE))
    )
    return [
        Finding(row.id, row.kind, row.detail, row.found_at, _taps([record])[0])
        for row, record in session.execute(chosen).all()
    ]


def _paid() -> Select[TapRecord]:
    return (
        select(TapRecord)
        .where(TapRecord.verdict != Verdict.REJECTED, TapRecord.kind == RecordKind.PURCHASE)
        .order_by(TapRecord.id.desc())
    )


def _taps(rows: Iterable[TapRecord]) -> list[Tap]:
    return [
        Tap(
            record_id=row.id,
            card_serial=row.card_serial,
            at=row.tapped_at,
            merchant_id=row.merchant_id,
            line=row.line,
            paid_fen=row.amount_fen,
            subsidy_fen=row.subsidy_fen,
            verdict=Verdict(row.verdict),
            reason=row.reason,
            explanation=row.explanation,
        )
        for row in rows
    ]
