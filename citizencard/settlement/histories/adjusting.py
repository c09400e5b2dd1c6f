"""Rate the rides of some cards with all of their history, and book what the rules give back, in the caller's one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.purse.uploads.book import SUBSIDY
from citizencard.purse.uploads.judge import OLDEST
from citizencard.purse.uploads.models import TapAdjustment
from citizencard.purse.uploads.subsidies import subsidy_references
from citizencard.settlement.histories.entitlements import Increase, increases
from citizencard.settlement.histories.rating import Rating
from citizencard.settlement.histories.rides import JudgedRide, take_waiting
from citizencard.tariffs.quotes import line_data
from ledger import ClosedDay, Transfer, post
from ledger.journal import MAX_BATCH

ADJUST: Final = "adjust"
STILL_COMING: Final = OLDEST + timedelta(days=1)
"""A ride that is older when it comes in is not accepted (its time is not believed): what lies before is final."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What a portion came to: cards rated, adjustments made, and their sum in fen."""

    cards: int
    adjustments: int
    given_fen: int


def adjust(session: Session, cards: Sequence[str], closed: ClosedDay, now: datetime) -> Adjusted:
    """Rate the rides of these cards that came in by the close of a day, and give back what is not given yet.

    Again, it finds everything given. The number of statements does not grow with the rides.

    Args:
        session: joined, never committed: adjustments, money and histories go together or not at all.
        cards: which.
        closed: the day; its close is when the adjustments happen.
        now: when they are written down.
    """
    rating = Rating(session, cards, take_waiting(session, cards, closed), closed.closed_at - STILL_COMING)
    made = [
        _adjustment(ride, increase, closed, now)
        for ride, full in rating.rate()
        for increase in increases(ride.charged, full)
    ]
    if made:
        transfers = [transfer for one in made for transfer in _transfers(one, closed)]
        chart.open_missing(session, {code for transfer in transfers for code in (transfer.debit, transfer.credit)})
        for begin in range(0, len(transfers), MAX_BATCH):
            post(session, transfers[begin : begin + MAX_BATCH], now=now)
        session.add_all(made)
    session.flush()
    return Adjusted(len(cards), len(made), sum(one.amount_fen for one in made))


def _adjustment(ride: JudgedRide, increase: Increase, closed: ClosedDay, now: datetime) -> TapAdjustment:
    number = ride.parts.get(increase.rule, 0) + 1
    reference = f"{ADJUST}:{ride.reference}:{increase.rule}"
    sponsor = increase.line.sponsor
    return TapAdjustment(
        record_id=ride.record_id,
        rule=increase.rule,
        number=number,
        business_date=closed.day,
        merchant_id=ride.merchant_id,
        card_id=ride.card_id,
        amount_fen=increase.fen,
        subsidy_fen=0 if sponsor is None else increase.fen,
        sponsor=sponsor,
        # The first keeps the plain name; what a late ride adds is a further event.
        reference=reference if number == 1 else f"{reference}:{number}",
        line=line_data(increase.line),
        made_at=now,
    )


def _transfers(one: TapAdjustment, closed: ClosedDay) -> Iterator[Transfer]:
    """Back to the holder from what the merchant earned (flow 44), and from the sponsor's own money to the merchant (flow 11)."""
    yield Transfer(
        reference=one.reference,
        debit=chart.clearing(one.merchant_id),
        credit=chart.due(one.card_id),
        amount_fen=one.amount_fen,
        kind=ADJUST,
        occurred_at=closed.closed_at,
        fact=True,
    )
    if one.sponsor is not None:
        (reference,) = subsidy_references(one.reference, {one.sponsor: one.subsidy_fen}).values()
        yield Transfer(
            reference=reference,
            debit=chart.owed("sponsor", one.sponsor),
            credit=chart.subsidy(one.merchant_id),
            amount_fen=one.subsidy_fen,
            kind=SUBSIDY,
            occurred_at=closed.closed_at,
            fact=True,
        )
