"""The rides of some cards, as they were judged, in the order in which the cards were used."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from citizencard.purse.decisions.models import Outcome, TapDecision
from citizencard.purse.uploads.models import CardHistory, RideToRate, TapAdjustment, TapRecord
from citizencard.settlement.clearing.models import TapSetAside
from citizencard.settlement.histories.entitlements import Charged
from citizencard.tariffs.quotes import Line, Quote, read_quote
from citizencard.tariffs.transit.rides import Anchor, Ride
from ledger import ClosedDay

ROWS_AT_A_TIME: Final = 1_000
_Given = tuple[str, int, int]
"""Rule, fen, how often."""


@dataclass(frozen=True, slots=True)
class JudgedRide:
    """A ride that counts for its card's history.

    Args:
        record_id: of the tap.
        reference: of the tap, as in the ledger.
        card_id, merchant_id: who paid and who earned.
        version: of the tariff that it was priced by.
        ride: what the tariff needs to know.
        charged: price from the record alone, what was paid, and what was given back before.
        parts: how often each rule has given something back for it.
    """

    record_id: int
    reference: str
    card_id: str
    merchant_id: str
    version: int
    ride: Ride
    charged: Charged
    parts: dict[str, int]


def waiting_cards(session: Session, until: datetime, after: str, limit: int) -> list[str]:
    """Cards with rides that came in by an instant and were not rated, in order, beginning after one; one statement."""
    chosen = select(RideToRate.card_id).where(
        RideToRate.rated_on.is_(None), RideToRate.received_at <= until, RideToRate.card_id > after, _counts()
    )
    return list(session.scalars(chosen.distinct().order_by(RideToRate.card_id).limit(limit)))


def rate_again(session: Session, record_ids: Sequence[int]) -> None:
    """Let rides that were set aside and count again be rated as if they had just come in. Others of these taps are no such rides."""
    if record_ids:
        session.execute(
            update(RideToRate)
            .where(RideToRate.record_id.in_(record_ids))
            .values(rated_on=None)
            .execution_options(synchronize_session=False)
        )


def begin_again(session: Session, cards: Iterable[str]) -> None:
    """Let the histories of cards begin again where they are final: a ride that was rated counts no more.

    What was given back for other rides because of it stays given.
    """
    rows = session.scalars(select(CardHistory).where(CardHistory.card_id.in_(sorted(set(cards)))))
    for row in rows:
        # Rides of the very instant are not final.
        row.rated_state, row.rated_until = row.state, row.until - timedelta(microseconds=1)
    session.flush()


def take_waiting(session: Session, cards: Sequence[str], closed: ClosedDay) -> dict[str, datetime]:
    """Take those rides of these cards, and no others, for the close of a day; the time of the first of each card. One statement.

    An upload may be judged before a close and be booked while the rides are rated. What is not taken here waits for the next night, so
    nothing is ever marked as rated that was not seen.
    """
    taken = (
        update(RideToRate)
        .where(RideToRate.card_id.in_(cards), RideToRate.rated_on.is_(None), RideToRate.received_at <= closed.closed_at)
        .where(_counts())
        .values(rated_on=closed.day)
        .returning(RideToRate.card_id, RideToRate.tapped_at)
        .execution_options(synchronize_session=False)
    )
    first: dict[str, datetime] = {}
    for card_id, tapped_at in session.execute(taken):
        first[card_id] = min(tapped_at, first.get(card_id, tapped_at))
    return first


def rides_of(session: Session, whole: Sequence[str], further: Sequence[str]) -> Iterator[JudgedRide]:
    """The rides of cards that this close or an earlier one has taken: card by card, in tap order.

    Two statements. Of taps in one second the terminal's number and then its sequence decide, whatever came in first.

    Args:
        session: joined.
        whole: cards of which all rides are wanted that are not summed up as final in a stored history.
        further: cards of which only rides after those that were rated are wanted.
    """
    counted = _counted(whole, further)
    given = _given(session, counted)
    chosen = (
        select(TapRecord, TapDecision.explanation)
        .join(RideToRate, RideToRate.record_id == TapRecord.id)
        .outerjoin(TapDecision, TapDecision.record_id == TapRecord.id)
        .where(TapRecord.id.in_(counted))
        .order_by(
            RideToRate.card_id,
            RideToRate.tapped_at,
            TapRecord.terminal_number,
            TapRecord.terminal_sequence,
            TapRecord.id,
        )
    )
    for record, decided in session.execute(chosen.execution_options(yield_per=ROWS_AT_A_TIME)):
        yield _judged(record, decided or record.explanation, given.get(record.id, []))


def _counted(whole: Sequence[str], further: Sequence[str]) -> Select[int]:
    """The records of the wanted rides."""
    not_final = or_(CardHistory.until.is_(None), RideToRate.tapped_at >= CardHistory.until)
    return (
        select(RideToRate.record_id)
        .outerjoin(CardHistory, CardHistory.card_id == RideToRate.card_id)
        .where(RideToRate.rated_on.is_not(None), _counts())
        .where(
            or_(
                and_(RideToRate.card_id.in_(whole), not_final),
                and_(RideToRate.card_id.in_(further), RideToRate.tapped_at > CardHistory.rated_until),
            )
        )
    )


def _counts() -> ColumnElement[bool]:
    """A ride that is not set aside: while its money is in doubt, it counts for nothing. A decision for the merchant lets it count again.

    Not what the company made good: its holder has all of it back, and a cap would give it once more.
    """
    last = (
        select(func.max(TapSetAside.number)).where(TapSetAside.record_id == RideToRate.record_id).correlate(RideToRate)
    ).scalar_subquery()
    decided = exists().where(
        TapDecision.record_id == RideToRate.record_id,
        TapDecision.outcome == Outcome.MERCHANT,
    )
    return or_(func.coalesce(last, 0) % 2 == 0, decided)


def _given(session: Session, counted: Select[int]) -> dict[int, list[_Given]]:
    """What was given back before: by record, for each rule the fen and how often."""
    chosen = (
        select(TapAdjustment.record_id, TapAdjustment.rule, func.sum(TapAdjustment.amount_fen), func.count())
        .where(TapAdjustment.record_id.in_(counted))
        .group_by(TapAdjustment.record_id, TapAdjustment.rule)
    )
    found: dict[int, list[_Given]] = {}
    for record_id, rule, fen, parts in session.execute(chosen):
        found.setdefault(record_id, []).append((rule, int(fen), parts))
    return found


def _judged(record: TapRecord, explanation: Mapping[str, Any], given: Sequence[_Given]) -> JudgedRide:
    # A ride is kept for rating only when it was accepted, or decided for its merchant, and priced: it has a card, a merchant, a line and a
    # time. One that was in doubt when it came in was priced by the decision.
    alone = read_quote(explanation)
    return JudgedRide(
        record_id=record.id,
        reference=f"tap:{record.identity}",
        card_id=str(record.card_id),
        merchant_id=str(record.merchant_id),
        version=explanation["tariff_version"],
        ride=_ride(record, alone),
        charged=Charged(alone, record.amount_fen, {rule: fen for rule, fen, _ in given}),
        parts={rule: parts for rule, _, parts in given},
    )


def _ride(record: TapRecord, alone: Quote) -> Ride:
    if record.line is None or record.card_class is None or record.tapped_at is None:
        raise ValueError(record.id)
    return Ride(
        record.line, record.card_class, record.tapped_at, _anchor(alone.lines), claimed_base=alone.lines[0].minor
    )


def _anchor(lines: Iterable[Line]) -> Anchor | None:
    """The earlier ride that the price from the record alone counted from: the ride itself may not have come in yet, or be in doubt."""
    for line in lines:
        if line.what == "transfer":
            return Anchor(int(line.facts["from_line"]), datetime.fromisoformat(str(line.facts["from_at"])))
    return None
