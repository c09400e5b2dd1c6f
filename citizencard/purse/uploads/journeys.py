"""Taps as people see them: of one card, the latest of the city, and the figures for the home page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import TapAdjustment, TapFinding, TapRecord, Verdict
from citizencard.purse.uploads.records import RecordKind

MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a rule over the card's history gave back when a day was closed.

    Args:
        day: the business day.
        amount_fen: to the holder, who has it as money due to the card.
        line: why, as a line of the explanation.
    """

    day: date
    amount_fen: int
    line: Mapping[str, Any]


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
        adjustments: what was given back of it later, in the order in which it was.
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
    adjustments: tuple[Adjustment, ...] = ()


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
    return _taps(session, session.scalars(chosen.limit(min(limit, MAX_PAGE))).all())


def latest_taps(session: Session, limit: int = 10) -> list[Tap]:
    """The taps that came in last, latest first, without rejected records. At most 200."""
    return _taps(session, session.scalars(_paid().limit(min(limit, MAX_PAGE))).all())


def findings_page(session: Session, *, after: int = 0, limit: int = 50) -> list[Finding]:
    """Findings in the order in which they were made, each with its tap; continue with the last `finding_id` as `after`."""
    chosen = (
        select(TapFinding, TapRecord)
        .join(TapRecord, TapRecord.id == TapFinding.record_id)
        .where(TapFinding.id > after)
        .order_by(TapFinding.id)
        .limit(min(limit, MAX_PAGE))
    )
    found = session.execute(chosen).all()
    taps = _taps(session, [record for _, record in found])
    return [Finding(row.id, row.kind, row.detail, row.found_at, one) for (row, _), one in zip(found, taps, strict=True)]


def _paid() -> Select[TapRecord]:
    return (
        select(TapRecord)
        .where(TapRecord.verdict != Verdict.REJECTED, TapRecord.kind == RecordKind.PURCHASE)
        .order_by(TapRecord.id.desc())
    )


def _taps(session: Session, rows: Sequence[TapRecord]) -> list[Tap]:
    """The records with what was given back of them, in one further statement."""
    given: dict[int, list[Adjustment]] = {}
    if rows:
        chosen = select(TapAdjustment).where(TapAdjustment.record_id.in_([row.id for row in rows]))
        for one in session.scalars(chosen.order_by(TapAdjustment.id)):
            given.setdefault(one.record_id, []).append(Adjustment(one.business_date, one.amount_fen, one.line))
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
            adjustments=tuple(given.get(row.id, ())),
        )
        for row in rows
    ]
