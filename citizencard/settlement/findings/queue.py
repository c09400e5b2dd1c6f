"""The queue page by page, and what it comes to: for people who decide."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from citizencard.merchants.registry import merchants_by_id
from citizencard.purse.decisions.models import TapDecision, TapNote
from citizencard.purse.uploads.models import Reason as Verdicts
from citizencard.purse.uploads.models import TapFinding, TapRecord, Verdict
from citizencard.purse.uploads.records import RecordKind
from citizencard.settlement.clearing.bearing import Bearing, bearer
from citizencard.settlement.clearing.models import TapSetAside
from citizencard.settlement.findings.choosing import SUSPICIOUS, chosen_ids
from citizencard.settlement.findings.deciding import waiting_proposals
from citizencard.settlement.findings.entries import (
    AGE_LIMITS,
    Age,
    Decided,
    Entry,
    Reason,
    State,
    Total,
    Wanted,
    age_of,
)
from citizencard.settlement.findings.errors import UnknownTap
from citizencard.settlement.findings.seen import last_findings, seen_to
from citizencard.settlement.findings.suspended import is_aside, suspended

MAX_PAGE: Final = 500
NOTED: Final = "noted"


def entries_page(session: Session, wanted: Wanted, now: datetime, *, after: int = 0, limit: int = 50) -> list[Entry]:
    """Entries of the queue, those that came in first first; continue with the last `record_id` as `after`. At most 500.

    A fixed number of statements, whatever the size of the page and of the city.
    """
    most = min(limit, MAX_PAGE)
    chosen = chosen_ids(wanted, now, after, most).subquery()
    ids = session.scalars(select(chosen.c.id).order_by(chosen.c.id).limit(most)).all()
    return entries(session, ids, now)


def entry(session: Session, record_id: int, now: datetime) -> Entry:
    """One tap as the queue shows it, whatever became of it; also one that was never in the queue.

    Raises:
        UnknownTap: there is none.
    """
    found = entries(session, [record_id], now)
    if not found:
        raise UnknownTap(f"no tap {record_id}", record=record_id)
    return found[0]


def entries(session: Session, record_ids: Sequence[int], now: datetime) -> list[Entry]:
    """These taps as the queue shows them, by record id; those that do not exist are left out."""
    if not record_ids:
        return []
    records = session.scalars(select(TapRecord).where(TapRecord.id.in_(record_ids)).order_by(TapRecord.id)).all()
    reasons = _reasons(session, record_ids)
    decided = _decided(session, record_ids)
    waiting = suspended(session, records)
    proposed = waiting_proposals(session, record_ids, now)
    last, seen = last_findings(session, record_ids), seen_to(session, record_ids)
    bearing = _bearing(session, records)
    names = {
        merchant.id: merchant.name
        for merchant in merchants_by_id(session, [row.merchant_id for row in records if row.merchant_id]).values()
    }
    made = []
    for row in records:
        done = decided.get(row.id)
        is_money = row.id in waiting and (done is None or done.outcome == NOTED)
        rejected = row.verdict == Verdict.REJECTED and row.kind == RecordKind.PURCHASE
        made.append(
            Entry(
                record_id=row.id,
                state=_state(row.id in proposed, is_money or _is_open(row, last, seen)),
                verdict=row.verdict,
                reasons=(*_of_verdict(row), *reasons.get(row.id, ())),
                amount_fen=row.amount_fen,
                open_fen=waiting[row.id].amount_fen if is_money else 0,
                is_money=is_money,
                may_be_goodwill=rejected and (done is None or done.outcome == NOTED),
                card_serial=row.card_serial,
                card_id=row.card_id,
                merchant_id=row.merchant_id,
                merchant=names.get(row.merchant_id or "", ""),
                terminal=row.terminal_number.hex().upper(),
                terminal_sequence=row.terminal_sequence,
                line=row.line,
                tapped_at=row.tapped_at,
                received_at=row.received_at,
                age=age_of(row.received_at, now),
                bearing=bearing.get(row.id),
                approval_id=proposed.get(row.id),
                decided=done,
            )
        )
    return made


def totals(session: Session, wanted: Wanted, now: datetime) -> list[Total]:
    """What the wanted entries come to, by age, youngest first; one statement."""
    chosen = chosen_ids(wanted, now, 0, None).subquery()
    bucket = case(
        *((TapRecord.received_at >= now - limit, age.value) for age, limit in AGE_LIMITS), else_=Age.OLDER.value
    )
    aside = select(TapSetAside.record_id, TapSetAside.amount_fen).where(is_aside()).subquery()
    undecided = TapDecision.id.is_(None)
    waits = and_(or_(SUSPICIOUS, aside.c.record_id.is_not(None)), undecided)
    waiting_fen = func.coalesce(aside.c.amount_fen, TapRecord.amount_fen)
    counted = (
        select(
            bucket.label("age"),
            func.sum(case((waits, 1), else_=0)).label("money"),
            func.sum(case((waits, waiting_fen), else_=0)).label("money_fen"),
            func.count().label("all"),
        )
        .select_from(TapRecord)
        .join(chosen, chosen.c.id == TapRecord.id)
        .outerjoin(TapDecision, TapDecision.record_id == TapRecord.id)
        .outerjoin(aside, aside.c.record_id == TapRecord.id)
        .group_by(bucket)
    )
    found = {row.age: row for row in session.execute(counted)}
    return [
        Total(age, int(found[age].money), int(found[age].money_fen), int(found[age].all) - int(found[age].money))
        if age in found
        else Total(age, 0, 0, 0)
        for age in Age
    ]


def _state(is_proposed: bool, is_open: bool) -> State:  # noqa: FBT001 # private: two facts
    if is_proposed:
        return State.PROPOSED
    return State.OPEN if is_open else State.DECIDED


def _is_open(row: TapRecord, last: Mapping[int, int], seen: Mapping[int, int]) -> bool:
    """Whether something about it is found, or refused, that nobody has looked at."""
    if row.verdict == Verdict.REJECTED and row.id not in seen:
        return True
    return last.get(row.id, 0) > seen.get(row.id, 0)


def _bearing(session: Session, records: Sequence[TapRecord]) -> Mapping[int, Bearing]:
    """Who bears the taps on listed cards by the rule."""
    hotlisted = [row.id for row in records if row.reason == Verdicts.HOTLISTED]
    return bearer(session, hotlisted) if hotlisted else {}


def _of_verdict(row: TapRecord) -> Iterable[Reason]:
    if row.reason is not None:
        yield Reason(row.reason, {}, row.received_at)


def _reasons(session: Session, ids: Sequence[int]) -> dict[int, list[Reason]]:
    found: dict[int, list[Reason]] = {}
    standing = TapFinding.withdrawn_at.is_(None)
    chosen = select(TapFinding).where(TapFinding.record_id.in_(ids), standing).order_by(TapFinding.id)
    for row in session.scalars(chosen):
        found.setdefault(row.record_id, []).append(Reason(row.kind, row.detail, row.found_at))
    return found


def _decided(session: Session, ids: Sequence[int]) -> Mapping[int, Decided]:
    """Notes first: a decision about money says more."""
    found: dict[int, Decided] = {}
    for note in session.scalars(select(TapNote).where(TapNote.record_id.in_(ids)).order_by(TapNote.id)):
        found[note.record_id] = Decided(NOTED, 0, None, note.noted_by, note.noted_at, None, note.reason)
    for one in session.scalars(select(TapDecision).where(TapDecision.record_id.in_(ids))):
        found[one.record_id] = Decided(
            one.outcome, one.amount_fen, one.reference, one.decided_by, one.decided_at, one.approval_id
        )
    return found
