"""Taps as people see them: of one card, the latest of the city, and the figures for the home page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, column, func, select, table
from sqlalchemy.orm import Session

from citizencard.purse.decisions.models import Outcome, TapDecision
from citizencard.purse.uploads.models import TapAdjustment, TapRecord, Verdict
from citizencard.purse.uploads.records import RecordKind

MAX_PAGE: Final = 200
_ASIDE: Final = table("tap_set_aside", column("record_id"), column("number"))
"""Written by the settlement, which knows of us and we not of it: read by its name."""


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
        decided: what two people have decided about its money.
        is_aside: clearing has set its money aside.
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
    decided: Outcome | None = None
    is_aside: bool = False

    @property
    def is_undecided(self) -> bool:
        """The chip has paid, and a person has yet to decide whose it is."""
        return self.decided is None and (self.verdict is Verdict.SUSPICIOUS or self.is_aside)


def taps_of_card(session: Session, card_serial: bytes, *, before: int | None = None, limit: int = 50) -> list[Tap]:
    """The taps of one card, latest upload first, without rejected records; continue with the last `record_id` as `before`."""
    chosen = _paid().where(TapRecord.card_serial == card_serial)
    if before is not None:
        chosen = chosen.where(TapRecord.id < before)
    return _taps(session, session.scalars(chosen.limit(min(limit, MAX_PAGE))).all())


def latest_taps(session: Session, limit: int = 10) -> list[Tap]:
    """The taps that came in last, latest first, without rejected records. At most 200."""
    return _taps(session, session.scalars(_paid().limit(min(limit, MAX_PAGE))).all())


def taps_by_id(session: Session, record_ids: Sequence[int]) -> list[Tap]:
    """These taps, rejected ones too, by record id; ids that nobody has are left out. At most 200."""
    chosen = select(TapRecord).where(TapRecord.id.in_(record_ids[:MAX_PAGE])).order_by(TapRecord.id)
    return _taps(session, session.scalars(chosen).all())


def _paid() -> Select[TapRecord]:
    return (
        select(TapRecord)
        .where(TapRecord.verdict != Verdict.REJECTED, TapRecord.kind == RecordKind.PURCHASE)
        .order_by(TapRecord.id.desc())
    )


def _taps(session: Session, rows: Sequence[TapRecord]) -> list[Tap]:
    """The records with what became of them later, in three further statements."""
    ids = [row.id for row in rows]
    given = _given_back(session, ids) if ids else {}
    decisions = _decisions(session, ids) if ids else {}
    aside = _set_aside(session, ids) if ids else set()
    taps = []
    for row in rows:
        decision = decisions.get(row.id)
        explanation = None if decision is None else decision.explanation
        taps.append(
            Tap(
                record_id=row.id,
                card_serial=row.card_serial,
                at=row.tapped_at,
                merchant_id=row.merchant_id,
                line=row.line,
                paid_fen=row.amount_fen,
                subsidy_fen=row.subsidy_fen if decision is None else max(row.subsidy_fen, decision.subsidy_fen),
                verdict=Verdict(row.verdict),
                reason=row.reason,
                # Nobody priced a tap that was in doubt when it came in; the decision for its merchant has.
                explanation=row.explanation if explanation is None else explanation,
                adjustments=tuple(given.get(row.id, ())),
                decided=None if decision is None else Outcome(decision.outcome),
                is_aside=row.id in aside,
            )
        )
    return taps


def _given_back(session: Session, ids: Sequence[int]) -> dict[int, list[Adjustment]]:
    given: dict[int, list[Adjustment]] = {}
    chosen = select(TapAdjustment).where(TapAdjustment.record_id.in_(ids)).order_by(TapAdjustment.id)
    for one in session.scalars(chosen):
        given.setdefault(one.record_id, []).append(Adjustment(one.business_date, one.amount_fen, one.line))
    return given


def _decisions(session: Session, ids: Sequence[int]) -> dict[int, TapDecision]:
    return {row.record_id: row for row in session.scalars(select(TapDecision).where(TapDecision.record_id.in_(ids)))}


def _set_aside(session: Session, ids: Sequence[int]) -> set[int]:
    """Those whose last move by clearing was out of their merchant's money: it counts its moves, to and fro."""
    last = select(_ASIDE.c.record_id).where(_ASIDE.c.record_id.in_(ids)).group_by(_ASIDE.c.record_id)
    return set(session.scalars(last.having(func.max(_ASIDE.c.number) % 2 == 1)))
