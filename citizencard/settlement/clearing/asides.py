"""Set taps aside, and back: their money moves between the merchant's clearing and suspense until people have decided about it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.purse.decisions.models import TapDecision
from citizencard.purse.uploads.models import FindingKind, TapRecord
from citizencard.purse.uploads.rows import as_json, listed
from citizencard.settlement.clearing.models import Cause, TapSetAside
from citizencard.settlement.clearing.subsidies import subsidies_of_row
from citizencard.settlement.histories.rides import begin_again, rate_again
from ledger import ClosedDay, Transfer, post
from ledger.journal import MAX_BATCH

SET_ASIDE: Final = "set_aside"
COVERED: Final = "set_aside_back"
"""Kinds of the two transfers."""
_AT_ONCE: Final = 5_000

_STATES: Final = (
    "SELECT r.id,"
    " EXISTS (SELECT 1 FROM tap_finding f WHERE f.record_id = r.id AND f.kind = '{fork}' AND f.withdrawn_at IS NULL) AS forked,"
    " EXISTS (SELECT 1 FROM tap_finding f WHERE f.record_id = r.id AND f.kind = '{over}' AND f.withdrawn_at IS NULL) AS over,"
    " coalesce((SELECT max(s.number) FROM tap_set_aside s WHERE s.record_id = r.id), 0) AS number,"
    " coalesce((SELECT sum(j.amount_fen) FROM tap_adjustment j WHERE j.record_id = r.id), 0) AS given_fen"
    " FROM tap_record r WHERE r.id IN {ids} AND r.verdict = 'accepted' AND r.merchant_id IS NOT NULL"
    " AND r.card_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tap_decision d WHERE d.record_id = r.id) ORDER BY r.id"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a portion came to: taps set aside, taps that came back, and their sums in fen."""

    aside: int = 0
    back: int = 0
    aside_fen: int = 0
    back_fen: int = 0


def open_asides(session: Session, record_ids: Collection[int]) -> dict[int, TapSetAside]:
    """Of these taps, those that are set aside and about which nobody has decided: the row that says how much, by record. Two statements.

    Args:
        session: read only.
        record_ids: which.
    """
    ids = sorted(set(record_ids))
    decided = set(session.scalars(select(TapDecision.record_id).where(TapDecision.record_id.in_(ids))))
    chosen = (
        select(TapSetAside).where(TapSetAside.record_id.in_(ids)).order_by(TapSetAside.record_id, TapSetAside.number)
    )
    last = {row.record_id: row for row in session.scalars(chosen)}
    return {record_id: row for record_id, row in last.items() if row.is_aside and record_id not in decided}


def set_aside_sums(session: Session, day: date) -> list[tuple[str, int, int]]:
    """By merchant: what the clearing of a day took from it to suspense, less what came back; money of cards and of sponsors, in fen."""
    sign = 1 - 2 * ((TapSetAside.number + 1) % 2)
    sums = func.sum(sign * TapSetAside.amount_fen), func.sum(sign * TapSetAside.subsidy_fen)
    chosen = select(TapSetAside.merchant_id, *sums).where(TapSetAside.business_date == day)
    found = session.execute(chosen.group_by(TapSetAside.merchant_id))
    return [(merchant_id, int(fen), int(subsidy_fen)) for merchant_id, fen, subsidy_fen in found]


def move_money(session: Session, record_ids: Collection[int], closed: ClosedDay, now: datetime) -> Moved:
    """Set aside those of these taps whose findings ask for it, and give back those that nothing speaks against any more.

    What people have decided is never touched. Rides that are set aside no longer count in their cards' histories.

    Args:
        session: joined, never committed; the findings of these taps are kept already.
        record_ids: taps whose findings changed, or may have.
        closed: the day whose clearing this is.
        now: when it is written down.
    """
    made: list[tuple[TapSetAside, TapRecord]] = []
    ids = sorted(set(record_ids))
    for begin in range(0, len(ids), _AT_ONCE):
        made += _rows(session, ids[begin : begin + _AT_ONCE], closed, now)
    if not made:
        return Moved()
    session.add_all(row for row, _ in made)
    session.flush()
    transfers = [transfer for row, record in made for transfer in _transfers(row, record, closed)]
    chart.open_missing(session, {code for transfer in transfers for code in (transfer.debit, transfer.credit)})
    for begin in range(0, len(transfers), MAX_BATCH):
        post(session, transfers[begin : begin + MAX_BATCH], now=now)
    rate_again(session, [record.id for row, record in made if not row.is_aside])
    begin_again(session, {str(record.card_id) for row, record in made if row.is_aside})
    return Moved(
        aside=sum(row.is_aside for row, _ in made),
        back=sum(not row.is_aside for row, _ in made),
        aside_fen=sum(row.amount_fen for row, _ in made if row.is_aside),
        back_fen=sum(row.amount_fen for row, _ in made if not row.is_aside),
    )


def _rows(
    session: Session, ids: Sequence[int], closed: ClosedDay, now: datetime
) -> Iterator[tuple[TapSetAside, TapRecord]]:
    statement = text(
        _STATES.format(
            fork=FindingKind.COUNTER_FORK, over=FindingKind.OVER_GUARANTEE, ids=listed(session, "ids", of="bigint")
        )
    )
    states = session.execute(statement, {"ids": as_json(ids)}).all()
    changing = [state for state in states if bool(state.forked or state.over) != (state.number % 2 == 1)]
    if not changing:
        return
    changed = [state.id for state in changing]
    records = {row.id: row for row in session.scalars(select(TapRecord).where(TapRecord.id.in_(changed)))}
    before = select(TapSetAside).where(TapSetAside.record_id.in_(changed)).order_by(TapSetAside.number)
    last = {row.record_id: row for row in session.scalars(before)}
    for state in changing:
        record = records[state.id]
        yield _row(state, record, last.get(state.id), closed, now), record


def _row(state: Row[Any], record: TapRecord, last: TapSetAside | None, closed: ClosedDay, now: datetime) -> TapSetAside:
    number = state.number + 1
    if last is not None and last.is_aside:
        cause, amount_fen = Cause.COVERED, last.amount_fen
    else:
        cause = Cause.COUNTER_FORK if state.forked else Cause.OVER_GUARANTEE
        # What rules over the card's history gave back stays with its holder: the merchant has no more than the rest.
        amount_fen = max(0, record.amount_fen - int(state.given_fen))
    return TapSetAside(
        record_id=record.id,
        number=number,
        cause=cause,
        business_date=closed.day,
        merchant_id=record.merchant_id,
        amount_fen=amount_fen,
        subsidy_fen=record.subsidy_fen,
        reference=f"finding:tap:{record.identity}:{number}",
        made_at=now,
    )


def _transfers(row: TapSetAside, record: TapRecord, closed: ClosedDay) -> Iterator[Transfer]:
    """Clearing → suspense, or the other way round (flow 7), and the sponsors' part; all into the day that is open now."""
    earned, undecided = chart.clearing(row.merchant_id), chart.merchant_suspense(row.merchant_id)
    debit, credit = (earned, undecided) if row.is_aside else (undecided, earned)
    if row.amount_fen:
        yield Transfer(
            reference=row.reference,
            debit=debit,
            credit=credit,
            amount_fen=row.amount_fen,
            kind=SET_ASIDE if row.is_aside else COVERED,
            occurred_at=closed.closed_at,
            fact=True,
        )
    yield from subsidies_of_row(row, record, closed.closed_at)
