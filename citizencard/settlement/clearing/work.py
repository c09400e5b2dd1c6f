"""What is to be cleared: cards and terminals with new taps, and cards whose money has moved; kept, so that a crash loses nothing."""

# ruff: noqa: S608 - our own SQL is put into the text, values never
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql
from citizencard.purse.uploads.models import FindingKind, TapRecord
from citizencard.purse.uploads.rows import as_json
from citizencard.settlement.clearing.asking import BELIEVED, Portion, Subject
from citizencard.settlement.clearing.models import SubjectKind, TapClearing, TapToClear
from ledger import ClosedDay
from ledger.models import LedgerDay

STILL_ARRIVING: Final = timedelta(hours=1)
"""No upload takes so long from its arrival to its commit; so far back each clearing looks again."""
TAKES_FROM_CHIPS: Final = ("unloaded", "unloaded_after_disproof", "load_given_back")
"""Kinds of transfers after which a card's money may not cover its taps any more."""

_CARDS: Final = (
    "INSERT INTO tap_to_clear (kind, subject, low, high, first_at, last_at)"
    " SELECT 'card', r.card_serial, min(r.card_counter), max(r.card_counter), min(r.tapped_at), max(r.tapped_at)"
    f" FROM tap_record r WHERE r.id > :after AND r.received_at <= :until AND {BELIEVED} GROUP BY r.card_serial"
)
_DOUBTFUL_CARDS: Final = (
    "INSERT INTO tap_to_clear (kind, subject, low, high, first_at, last_at)"
    " SELECT 'card', r.card_serial, min(r.card_counter), max(r.card_counter), min(r.received_at), max(r.received_at)"
    " FROM tap_record r WHERE r.id > :after AND r.received_at <= :until AND r.identity IS NOT NULL"
    " AND r.reason = 'date_out_of_range' GROUP BY r.card_serial"
    " ON CONFLICT (kind, subject) DO UPDATE SET low = {least}(tap_to_clear.low, excluded.low),"
    " high = {greatest}(tap_to_clear.high, excluded.high)"
)
_TERMINALS: Final = (
    "INSERT INTO tap_to_clear (kind, subject, low, high, first_at, last_at)"
    " SELECT 'terminal', r.terminal_number, min(r.terminal_sequence), max(r.terminal_sequence), min(r.received_at),"
    " max(r.received_at) FROM tap_record r WHERE r.id > :after AND r.received_at <= :until"
    " AND r.verdict <> 'rejected' GROUP BY r.terminal_number"
)
_MOVED: Final = (
    "INSERT INTO tap_to_clear (kind, subject) SELECT DISTINCT 'card', c.serial FROM ledger_transfer t"
    " JOIN ledger_account a ON a.id = t.debit_id AND a.family IN ('purse:<card>', 'inload:<card>')"
    " JOIN card c ON c.id = substr(a.code, CASE a.family WHEN 'purse:<card>' THEN 7 ELSE 8 END)"
    " WHERE t.id > :cut AND t.kind IN {kinds} ON CONFLICT (kind, subject) DO NOTHING"
)
_UNCOVERED: Final = (
    "INSERT INTO tap_to_clear (kind, subject) SELECT DISTINCT 'card', r.card_serial FROM tap_finding f"
    " JOIN tap_record r ON r.id = f.record_id WHERE f.kind = :kind AND f.withdrawn_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM tap_decision d WHERE d.record_id = r.id)"
    " ON CONFLICT (kind, subject) DO NOTHING"
)
_GAPPED: Final = (
    "INSERT INTO tap_to_clear (kind, subject, low, high, first_at, last_at)"
    " SELECT 'terminal', g.terminal_number, min(g.first), max(g.last), min(g.closed_at), max(g.closed_at)"
    " FROM terminal_gap g WHERE g.answer = 'no_debit' AND g.closed_at > :since GROUP BY g.terminal_number"
    " ON CONFLICT (kind, subject) DO UPDATE SET low = {least}(tap_to_clear.low, excluded.low),"
    " high = {greatest}(tap_to_clear.high, excluded.high)"
)


@dataclass(frozen=True, slots=True)
class Clearing:
    """The clearing of one closed day.

    Args:
        day: the business day.
        closed_at: records that came in later wait for the next one.
    """

    day: date
    closed_at: datetime


def begin_clearing(session: Session, closed: ClosedDay) -> bool:
    """Write down what is to be cleared for a closed day, once; whether anything is left to do.

    Args:
        session: joined, never committed.
        closed: the day; the days before it are cleared.
    """
    row = session.get(TapClearing, closed.day)
    if row is not None:
        return row.cleared_at is None
    before = session.scalars(select(TapClearing).order_by(TapClearing.business_date.desc()).limit(1)).one_or_none()
    after_id = 0 if before is None else before.next_after_id
    session.add(
        TapClearing(
            business_date=closed.day,
            closed_at=closed.closed_at,
            after_id=after_id,
            next_after_id=_next_after(session, after_id, closed.closed_at - STILL_ARRIVING),
            cleared_at=None,
        )
    )
    session.flush()
    _write_down(session, closed, after_id, closed.closed_at if before is None else before.closed_at)
    return True


def end_clearing(session: Session, closed: ClosedDay, now: datetime) -> None:
    """Note that a day is cleared to the end."""
    session.execute(update(TapClearing).where(TapClearing.business_date == closed.day).values(cleared_at=now))


def next_portion(session: Session, kind: SubjectKind, most: int) -> Portion:
    """The next cards or terminal numbers that are left, in order; empty when none is."""
    chosen = select(TapToClear).where(TapToClear.kind == kind).order_by(TapToClear.subject).limit(most)
    return Portion(
        tuple(
            Subject(row.subject, row.low, row.high, row.first_at, row.last_at)
            for row in session.scalars(chosen.execution_options(populate_existing=True))
        )
    )


def is_done(session: Session, kind: SubjectKind, portion: Portion) -> None:
    """Take a portion off what is left, in the transaction in which it was cleared."""
    session.execute(
        delete(TapToClear)
        .where(
            TapToClear.kind == kind,
            TapToClear.subject >= portion.subjects[0].name,
            TapToClear.subject <= portion.subjects[-1].name,
        )
        .execution_options(synchronize_session=False)
    )


def _next_after(session: Session, after_id: int, settled: datetime) -> int:
    """The last record of which it is certain that none before it can still become visible."""
    fresh = session.scalar(
        select(func.min(TapRecord.id)).where(TapRecord.id > after_id, TapRecord.received_at > settled)
    )
    if fresh is not None:
        return fresh - 1
    return session.scalar(_newest()) or 0


def _newest() -> Select[int]:
    return select(TapRecord.id).order_by(TapRecord.id.desc()).limit(1)


def _write_down(session: Session, closed: ClosedDay, after_id: int, since: datetime) -> None:
    on_postgresql = is_postgresql(session)
    bounds = {"least": "least" if on_postgresql else "min", "greatest": "greatest" if on_postgresql else "max"}
    until = as_json(closed.closed_at).strip('"')
    new = {"after": after_id, "until": until}
    for statement in (_CARDS, _DOUBTFUL_CARDS.format(**bounds), _TERMINALS):
        session.execute(text(statement), new)
    cut = session.scalar(select(func.max(LedgerDay.cut_id)).where(LedgerDay.day < closed.day)) or 0
    kinds = "(" + ", ".join(f"'{kind}'" for kind in TAKES_FROM_CHIPS) + ")"
    session.execute(text(_MOVED.format(kinds=kinds)), {"cut": cut})
    session.execute(text(_UNCOVERED), {"kind": FindingKind.OVER_GUARANTEE})
    session.execute(text(_GAPPED.format(**bounds)), {"since": as_json(since - STILL_ARRIVING).strip('"')})
