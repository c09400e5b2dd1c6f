"""Taps of an old card that come in after its money has moved take from its purse what is not there: who pays it (flow 32).

The holder owes what was tapped before the loss took effect, and all of a card that was not lost. All else is the company's loss. Taps whose
money is undecided wait: what people decide may give the purse its money back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.cards.models import Card
from citizencard.purse.decisions.models import Outcome, TapDecision
from citizencard.purse.uploads.models import TapRecord
from citizencard.settlement.findings.suspended import suspended
from citizencard.settlement.replacements.models import CardReplacement, PurseShortfall
from ledger import ClosedDay, Transfer, balances, existing, post

SHORT: Final = "short"
PURSE_LOSS: Final = chart.expense("purse_loss")
GIVEN_BACK: Final = frozenset({Outcome.HOLDER, Outcome.COMPANY})


@dataclass(frozen=True, slots=True)
class _Late:
    """What late taps of one card came to.

    Args:
        waiting_fen: undecided.
        holder_fen: tapped while the holder bore it.
    """

    waiting_fen: int = 0
    holder_fen: int = 0


def moved_cards(session: Session, limit: int, after: str = "") -> list[CardReplacement]:
    """Replacements whose money has moved, by old card, beginning after one."""
    chosen = select(CardReplacement).where(CardReplacement.moved_at.is_not(None), CardReplacement.old_card_id > after)
    return list(session.scalars(chosen.order_by(CardReplacement.old_card_id).limit(limit)))


def book_shortfalls(session: Session, rows: Sequence[CardReplacement], closed: ClosedDay, now: datetime) -> None:
    """Fill the purses of old cards that are below zero, at most once a day each.

    Args:
        session: joined, never committed.
        rows: see `moved_cards`.
        closed: the day.
        now: when it is written down.
    """
    codes = [chart.purse(row.old_card_id) for row in rows]
    found = balances(session, sorted(existing(session, codes)))
    below = [row for row in rows if (code := chart.purse(row.old_card_id)) in found and found[code].balance_fen < 0]
    if not below:
        return
    done = _done(session, below, closed)
    made = []
    for row in below:
        late = _late(session, row)
        short_fen = -found[chart.purse(row.old_card_id)].balance_fen - late.waiting_fen
        if short_fen <= 0 or row.old_card_id in done:
            continue
        holder_fen = min(short_fen, max(0, late.holder_fen - _paid_by_holder(session, row)))
        made.append(
            PurseShortfall(
                card_id=row.old_card_id,
                business_date=closed.day,
                holder_fen=holder_fen,
                company_fen=short_fen - holder_fen,
                booked_at=now,
            )
        )
    transfers = [transfer for one in made for transfer in _transfers(one, closed)]
    if transfers:
        chart.open_missing(session, {transfer.debit for transfer in transfers})
        post(session, transfers, now=now)
        session.add_all(made)
        session.flush()


def _late(session: Session, row: CardReplacement) -> _Late:
    """The taps of an old card that came in after its money had moved."""
    chosen = (
        select(TapRecord)
        .join(Card, Card.serial == TapRecord.card_serial)
        .where(Card.id == row.old_card_id, TapRecord.identity.is_not(None), TapRecord.received_at > row.moved_at)
    )
    records = session.scalars(chosen).all()
    decided = {
        found.record_id: Outcome(found.outcome)
        for found in session.scalars(select(TapDecision).where(TapDecision.record_id.in_([one.id for one in records])))
    }
    waiting = suspended(session, records)
    waiting_fen = holder_fen = 0
    for record in records:
        if record.id in waiting and record.id not in decided:
            waiting_fen += record.amount_fen
        elif decided.get(record.id) not in GIVEN_BACK and _is_the_holders(record, row.liable_until):
            holder_fen += record.amount_fen
    return _Late(waiting_fen, holder_fen)


def _is_the_holders(record: TapRecord, liable_until: datetime | None) -> bool:
    return liable_until is None or (record.tapped_at is not None and record.tapped_at < liable_until)


def _done(session: Session, rows: Sequence[CardReplacement], closed: ClosedDay) -> set[str]:
    """Cards whose shortfall of this day is booked: what has come in since waits for the next one."""
    chosen = select(PurseShortfall.card_id).where(
        PurseShortfall.business_date == closed.day, PurseShortfall.card_id.in_([row.old_card_id for row in rows])
    )
    return set(session.scalars(chosen))


def _paid_by_holder(session: Session, row: CardReplacement) -> int:
    paid = select(func.sum(PurseShortfall.holder_fen)).where(PurseShortfall.card_id == row.old_card_id)
    return int(session.scalar(paid) or 0)


def _transfers(one: PurseShortfall, closed: ClosedDay) -> Iterator[Transfer]:
    """The first payer has the plain name."""
    payers = ((chart.owed("holder", one.card_id), one.holder_fen), (PURSE_LOSS, one.company_fen))
    for number, (payer, fen) in enumerate([pair for pair in payers if pair[1]], start=1):
        reference = f"{SHORT}:{one.card_id}:{one.business_date.isoformat()}"
        yield Transfer(
            reference if number == 1 else f"{reference}:{number}",
            payer,
            chart.purse(one.card_id),
            fen,
            kind=SHORT,
            occurred_at=closed.closed_at,
            fact=True,
        )
