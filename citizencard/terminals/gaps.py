"""Sequences of which no record has come: noted, asked for, closed by a record or by the device's word that nothing was debited.

A security module counts each debit that it allows, so a missing number is either a record on its way or a debit that was never made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from citizencard.terminals.lists.models import GapAnswer, TerminalGap
from citizencard.terminals.models import TerminalBinding

MAX_OPEN_GAPS: Final = 1_000
"""Of a terminal number. A module whose numbers jump about is a finding, not a list."""
MAX_ASKED: Final = 100
"""Ranges in one answer to a device."""
ASKED_AGAIN_AFTER: Final = timedelta(days=1)

Span = tuple[int, int]
"""First and last sequence, both included."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequences that are missing.

    Args:
        terminal_number: of the module, 6 bytes.
        first, last: sequences, both included.
    """

    terminal_number: bytes
    first: int
    last: int


def note_gaps(session: Session, gaps: Iterable[tuple[bytes, int, int]], now: datetime) -> int:
    """Keep gaps (terminal number, first, last) to be asked for; returns how many rows are new.

    What is noted already, or of which the device has said that nothing was debited, is not noted again. Beyond MAX_OPEN_GAPS of a number
    the rest waits for a later call.
    """
    by_number: dict[bytes, list[Span]] = {}
    for number, first, last in gaps:
        by_number.setdefault(number, []).append((first, last))
    return sum(_note(session, number, sorted(spans), now) for number, spans in sorted(by_number.items()))


def close_gap(session: Session, gap: Gap, answer: GapAnswer, now: datetime) -> list[Gap]:
    """Close what of a range is open; a part of a noted gap is cut out of it. Returns the parts that were closed.

    Args:
        session: joined, never committed.
        gap: the range; `first == last` for a single record that has arrived.
        answer: `arrived` or `no_debit`.
        now: of the answer.
    """
    rows = session.scalars(
        select(TerminalGap)
        .where(
            TerminalGap.terminal_number == gap.terminal_number,
            TerminalGap.closed_at.is_(None),
            TerminalGap.first <= gap.last,
            TerminalGap.last >= gap.first,
        )
        .order_by(TerminalGap.first)
        .with_for_update()
    ).all()
    closed = []
    for row in rows:
        first, last = max(row.first, gap.first), min(row.last, gap.last)
        for rest in ((row.first, first - 1), (last + 1, row.last)):
            if rest[0] <= rest[1]:
                session.add(_open(gap.terminal_number, rest, row.found_at, row.asked_at))
        row.first, row.last, row.closed_at, row.answer = first, last, now, answer
        closed.append(Gap(gap.terminal_number, first, last))
    session.flush()
    return closed


def open_gaps(session: Session, terminal_number: bytes, *, after: int = -1, limit: int = MAX_ASKED) -> list[Gap]:
    """A page of the open gaps of a number, by their first sequence; continue with it as `after`."""
    rows = session.scalars(
        select(TerminalGap)
        .where(
            TerminalGap.terminal_number == terminal_number, TerminalGap.closed_at.is_(None), TerminalGap.first > after
        )
        .order_by(TerminalGap.first)
        .limit(min(limit, MAX_ASKED))
    )
    return [Gap(row.terminal_number, row.first, row.last) for row in rows]


def gaps_to_ask(session: Session, terminal_id: str, now: datetime) -> list[Gap]:
    """The gaps that a device is asked for now, at most MAX_ASKED; each is asked for once a day at most.

    A device is asked for the numbers of all modules that were ever in it: its memory may hold their records.
    """
    rows = session.scalars(
        select(TerminalGap)
        .where(
            TerminalGap.terminal_number.in_(_numbers(terminal_id)),
            TerminalGap.closed_at.is_(None),
            or_(TerminalGap.asked_at.is_(None), TerminalGap.asked_at <= now - ASKED_AGAIN_AFTER),
        )
        .order_by(TerminalGap.terminal_number, TerminalGap.first)
        .limit(MAX_ASKED)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.asked_at = now
    session.flush()
    return [Gap(row.terminal_number, row.first, row.last) for row in rows]


def answer_no_debit(session: Session, terminal_id: str, gaps: Sequence[Gap], now: datetime) -> list[Gap]:
    """Take a device's signed word that for these sequences nothing was debited; returns what is closed by it.

    Counts only for modules that were never in another device: the other one may hold the record. The rest stays open.
    """
    wanted = {gap.terminal_number for gap in gaps}
    holders: dict[bytes, set[str]] = {}
    for number, holder in session.execute(
        select(TerminalBinding.terminal_number, TerminalBinding.terminal_id)
        .where(TerminalBinding.terminal_number.in_(wanted))
        .distinct()
    ):
        holders.setdefault(number, set()).add(holder)
    return [
        part
        for gap in gaps
        if holders.get(gap.terminal_number) == {terminal_id}
        for part in close_gap(session, gap, GapAnswer.NO_DEBIT, now)
    ]


def _numbers(terminal_id: str) -> Select[bytes]:
    return select(TerminalBinding.terminal_number).where(TerminalBinding.terminal_id == terminal_id)


def _note(session: Session, number: bytes, spans: list[Span], now: datetime) -> int:
    known = session.execute(
        select(TerminalGap.first, TerminalGap.last)
        .where(
            TerminalGap.terminal_number == number,
            or_(TerminalGap.closed_at.is_(None), TerminalGap.answer == GapAnswer.NO_DEBIT),
            TerminalGap.first <= max(last for _, last in spans),
            TerminalGap.last >= min(first for first, _ in spans),
        )
        .order_by(TerminalGap.first)
    ).all()
    is_open = select(func.count()).where(TerminalGap.terminal_number == number, TerminalGap.closed_at.is_(None))
    room = MAX_OPEN_GAPS - (session.scalar(is_open) or 0)
    new = [part for span in spans for part in _without(span, [(row.first, row.last) for row in known])][: max(0, room)]
    session.add_all([_open(number, span, now, None) for span in new])
    session.flush()
    return len(new)


def _without(span: Span, known: Iterable[Span]) -> list[Span]:
    """What of a range is in none of the known ones, which are sorted."""
    first, last = span
    left = []
    for known_first, known_last in known:
        if known_first > last:
            break
        if first < known_first:
            left.append((first, known_first - 1))
        first = max(first, known_last + 1)
    if first <= last:
        left.append((first, last))
    return left


def _open(number: bytes, span: Span, found_at: datetime, asked_at: datetime | None) -> TerminalGap:
    return TerminalGap(
        terminal_number=number, first=span[0], last=span[1], found_at=found_at, asked_at=asked_at, closed_at=None
    )
