"""The money that was on the chip of an old card follows to the card in its place, once no tap should be on its way any more (flow 31)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.settlement.replacements.models import CardReplacement
from citizencard.settlement.replacements.successors import successor
from ledger import ClosedDay, Transfer, balances, existing, post_each

MOVE: Final = "move"


def due_moves(session: Session, closed: ClosedDay, limit: int, after: str = "") -> list[CardReplacement]:
    """Replacements whose time had come when the day was closed, and whose money has not moved, by old card, beginning after one."""
    chosen = select(CardReplacement).where(
        CardReplacement.moved_at.is_(None),
        CardReplacement.move_from <= closed.closed_at,
        CardReplacement.old_card_id > after,
    )
    return list(session.scalars(chosen.order_by(CardReplacement.old_card_id).limit(limit)))


def move_purses(session: Session, rows: Sequence[CardReplacement], now: datetime) -> None:
    """Move what is in the old purses, and what is due to the old cards, to what is due to the cards in their place.

    A card that still has money on its way onto its chip waits for another night, and so does one whose accounts may not be debited. From a
    purse below zero nothing moves: what is missing there is a shortfall.

    Args:
        session: joined, never committed.
        rows: see `due_moves`.
        now: when it is written down; taps that come in later are late.
    """
    held = _held(session, [code for row in rows for code in _accounts(row)])
    ready = [row for row in rows if not held[chart.inload(row.old_card_id)]]
    wanted = {row.old_card_id: list(_moves(session, row, held, now)) for row in ready}
    transfers = [transfer for ways in wanted.values() for transfer in ways]
    chart.open_missing(session, {transfer.credit for transfer in transfers})
    refused = {verdict.reference for verdict in post_each(session, transfers, now=now) if verdict.refusal is not None}
    for row in ready:
        if not any(transfer.reference in refused for transfer in wanted[row.old_card_id]):
            row.moved_at, row.moved_fen = now, max(0, held[chart.purse(row.old_card_id)])
    session.flush()


def reference_of(row: CardReplacement) -> str:
    """The name of what moves from the purse."""
    return f"{MOVE}:{row.old_card_id}:{row.new_card_id}"


def _accounts(row: CardReplacement) -> tuple[str, str, str]:
    card_id = row.old_card_id
    return chart.purse(card_id), chart.inload(card_id), chart.due(card_id)


def _held(session: Session, codes: Sequence[str]) -> dict[str, int]:
    """What accounts hold; those that were never opened hold nothing."""
    found = balances(session, sorted(existing(session, codes)))
    return {code: found[code].balance_fen if code in found else 0 for code in codes}


def _moves(session: Session, row: CardReplacement, held: Mapping[str, int], now: datetime) -> Iterator[Transfer]:
    target = chart.due(successor(session, row.new_card_id))
    sources = (
        (chart.purse(row.old_card_id), reference_of(row)),
        (chart.due(row.old_card_id), f"{reference_of(row)}:due"),
    )
    for source, reference in sources:
        if held[source] > 0:
            yield Transfer(reference, source, target, held[source], kind=MOVE, occurred_at=now)
