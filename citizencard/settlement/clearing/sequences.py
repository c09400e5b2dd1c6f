"""What a terminal's sequence says: each number once, none missing, and rising with time.

The sequence is the security module's, and each TAC covers it: a debit cannot be hidden without a gap, nor a clock set back without a step.
"""

# ruff: noqa: S608 - our own SQL is put into the text, values never
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import FindingKind
from citizencard.settlement.clearing.asking import Portion, asked_from, seconds, whole_seconds
from citizencard.settlement.clearing.found import Found, live
from citizencard.settlement.clearing.limits import CLOCK_SET_BACK
from citizencard.terminals.gaps import Gap, close_gap, note_gaps
from citizencard.terminals.lists.models import GapAnswer, TerminalGap

Span = tuple[int, int]
"""First and last sequence, both included."""

_HAS_TAC: Final = "r.identity IS NOT NULL"
_KEPT: Final = "r.verdict <> 'rejected'"
_REUSED: Final = (
    "SELECT id, terminal_sequence FROM (SELECT r.id, r.terminal_sequence,"
    " count(*) OVER (PARTITION BY r.terminal_number, r.terminal_sequence) AS taps"
    " FROM {asked} JOIN tap_record r ON r.terminal_number = q.subject"
    " AND r.terminal_sequence BETWEEN q.low AND q.high AND r.identity IS NOT NULL) s WHERE taps > 1 ORDER BY id"
)
_BOUND: Final = (
    "coalesce((SELECT {side}(r.terminal_sequence) FROM tap_record r WHERE r.terminal_number = q.subject"
    " AND {{counts}} AND r.terminal_sequence {beyond} q.{own}), q.{own}) AS {own}"
)
_WIDE: Final = (
    "WITH wide AS (SELECT q.subject, "
    + _BOUND.format(side="max", beyond="<", own="low")
    + ", "
    + _BOUND.format(side="min", beyond=">", own="high")
    + " FROM {asked})"
)
_DISORDER: Final = (
    _WIDE + ", slice AS (SELECT r.id, {at_s} AS at_s, lag({at_s}) OVER w AS before_s,"
    " lag(r.terminal_sequence) OVER w AS before_sequence, lag(r.identity) OVER w AS before, r.terminal_sequence"
    " FROM wide q JOIN tap_record r ON r.terminal_number = q.subject"
    " AND r.terminal_sequence BETWEEN q.low AND q.high AND r.identity IS NOT NULL"
    " WINDOW w AS (PARTITION BY r.terminal_number ORDER BY r.terminal_sequence, r.tapped_at, r.identity)),"
    " said AS (SELECT s.*, CASE WHEN at_s + :set_back < before_s AND before_sequence < terminal_sequence THEN 1 ELSE 0 END"
    " AS back FROM slice s WHERE before IS NOT NULL)"
    " SELECT s.id, s.before, s.before_s - s.at_s AS back_s, s.back, f.id AS stands FROM said s {findings}"
    " WHERE s.back = 1 OR f.id IS NOT NULL ORDER BY s.id"
)
_GAPS: Final = (
    _WIDE + ", slice AS (SELECT r.id, r.terminal_number, r.terminal_sequence AS sequence,"
    " lag(r.terminal_sequence) OVER (PARTITION BY r.terminal_number ORDER BY r.terminal_sequence, r.digest) AS before"
    " FROM wide q JOIN tap_record r ON r.terminal_number = q.subject AND r.terminal_sequence BETWEEN q.low AND q.high"
    " AND r.verdict <> 'rejected')"
    " SELECT s.id, s.terminal_number, s.before, s.sequence, f.id AS stands FROM slice s {findings}"
    " WHERE s.before IS NOT NULL AND (s.sequence - s.before > 1 OR f.id IS NOT NULL) ORDER BY s.terminal_number, s.sequence, s.id"
)
_SLICES: Final = _WIDE + " SELECT q.subject, q.low, q.high FROM wide q ORDER BY q.subject"


def reused(session: Session, portion: Portion) -> list[Found]:
    """Taps whose sequence another tap of the terminal has as well: all of them. One statement."""
    statement = text(_REUSED.format(asked=asked_from(session)))
    return [
        Found(row.id, FindingKind.SEQUENCE_REUSED, {"sequence": row.terminal_sequence})
        for row in session.execute(statement, {"asked": portion.asked()})
    ]


def disorder(session: Session, portion: Portion) -> tuple[list[Found], list[tuple[int, str]]]:
    """Taps that were made after the one before them in the sequence and say an earlier time; one statement.

    A clock that is set back, to beat the hotlist say, shows at the first tap after the step.
    """
    findings = live([FindingKind.SEQUENCE_DISORDER], "f", "s.id")
    statement = _DISORDER.format(
        asked=asked_from(session), counts=_HAS_TAC, at_s=seconds(session, "r.tapped_at"), findings=findings
    )
    rows = session.execute(text(statement), {"asked": portion.asked(), "set_back": whole_seconds(CLOCK_SET_BACK)}).all()
    kind = FindingKind.SEQUENCE_DISORDER
    return (
        [Found(row.id, kind, {"before": row.before, "back_s": row.back_s}) for row in rows if row.back],
        [(row.id, str(kind)) for row in rows if row.stands is not None],
    )


def gaps(session: Session, portion: Portion, now: datetime) -> tuple[list[Found], list[tuple[int, str]]]:
    """Records before which sequences are missing; devices are asked for them, and what has arrived is no longer asked for.

    Free taps fill their places, and so do records without a TAC; a rejected one, which anybody could have made up, does not. What a device
    has said of, that nothing was debited, is no gap.
    """
    asked = asked_from(session)
    statement = _GAPS.format(asked=asked, counts=_KEPT, findings=live([FindingKind.SEQUENCE_GAP], "f", "s.id"))
    rows = session.execute(text(statement), {"asked": portion.asked()}).all()
    kind = FindingKind.SEQUENCE_GAP
    missing = [row for row in rows if row.sequence - row.before > 1]
    noted = _noted(session, portion)
    found, present = [], []
    for row in missing:
        span = (row.before + 1, row.sequence - 1)
        answered = [
            (one.first, one.last)
            for one in noted.get(row.terminal_number, ())
            if one.closed_at is not None and one.answer == GapAnswer.NO_DEBIT
        ]
        present.append((row.terminal_number, span))
        left = _without(span, answered)
        if left:
            missed = sum(last - first + 1 for first, last in left)
            found.append(Found(row.id, kind, {"first": left[0][0], "last": left[-1][1], "missing": missed}))
    _close(session, noted, _slices(session, portion, asked), present, now)
    note_gaps(session, [(bytes.fromhex(number), *span) for number, span in present], now)
    return found, [(row.id, str(kind)) for row in rows if row.stands is not None]


def _noted(session: Session, portion: Portion) -> dict[str, list[TerminalGap]]:
    """Gaps that are open, or closed by the device's word, of the portion's numbers."""
    rows = session.scalars(
        select(TerminalGap)
        .where(
            TerminalGap.terminal_number.in_([bytes.fromhex(name) for name in portion.names]),
            or_(TerminalGap.closed_at.is_(None), TerminalGap.answer == GapAnswer.NO_DEBIT),
        )
        .order_by(TerminalGap.terminal_number, TerminalGap.first)
    )
    noted: dict[str, list[TerminalGap]] = {}
    for row in rows:
        noted.setdefault(row.terminal_number.hex().upper(), []).append(row)
    return noted


def _slices(session: Session, portion: Portion, asked: str) -> dict[str, Span]:
    """What was looked at of each number."""
    rows = session.execute(text(_SLICES.format(asked=asked, counts=_KEPT)), {"asked": portion.asked()})
    return {row.subject: (row.low, row.high) for row in rows}


def _close(
    session: Session,
    noted: dict[str, list[TerminalGap]],
    slices: dict[str, Span],
    present: Sequence[tuple[str, Span]],
    now: datetime,
) -> None:
    """Close the parts of open gaps that have arrived: inside of what was looked at, and missing no more."""
    for number, (low, high) in slices.items():
        still = [span for name, span in present if name == number]
        arrived = [
            part
            for one in noted.get(number, ())
            if one.closed_at is None
            for part in _without((max(one.first, low), min(one.last, high)), still)
        ]
        for first, last in arrived:
            close_gap(session, Gap(bytes.fromhex(number), first, last), GapAnswer.ARRIVED, now)


def _without(span: Span, known: Iterable[Span]) -> list[Span]:
    """What of a range is in none of the others, which are sorted."""
    first, last = span
    left = []
    for known_first, known_last in known:
        if known_last < first:
            continue
        if known_first > last:
            break
        if first < known_first:
            left.append((first, known_first - 1))
        first = max(first, known_last + 1)
    if first <= last:
        left.append((first, last))
    return left
