"""The money that was on the chip of an old card follows to the card in its place, once no tap should be on its way any more (flow 31)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.settlement.replacements.models import CardReplacement
from citizencard.settlement.replacements.successors import successor
from ledger import AccountState, Balance, ClosedDay, Transfer, balances, existing, post_each

MOVE: Final = "move"


def due_moves(session: Session, closed: ClosedDay, limit: int, after: str = "") -> list[CardReplacement]:
    """Replacements whose time had come when the day was closed, and whose money has not moved, by old card, beginning after one."""
    chosen = select(CardReplacement).where(
        CardReplacement.moved_at.is_(None),
        CardReplacement.move_from <= closed.closed_at,
        CardReplacement.old_card_id > after,
    )
    return list(session.scalars(chosen.order_by(CardReplacement.old_card_id).limit(limit)))


def move_purses(session: Session, rows: Sequence[CardReplacement], closed: ClosedDay, now: datetime) -> None:
    """Move what is in the old purses, and what is due to the old cards, to what is due to the cards in their place.

    A card that still has money on its way onto its chip waits for another night, and so does one of whose accounts one may not be debited:
    all of it moves, or nothing. From a purse below zero nothing moves: what is missing there is a shortfall.

    Args:
        session: joined, never committed.
        rows: see `due_moves`.
        closed: the day.
        now: when it is written down; taps that come in later are late.
    """
    found = _found(session, [code for row in rows for code in _accounts(row)])
    ready = [row for row in rows if not _waits(row, found)]
    follow_dues(session, ready, closed, now)
    moves = {
        row.old_card_id: Transfer(
            reference_of(row), purse, _target(session, row), found[purse].balance_fen, kind=MOVE, occurred_at=now
        )
        for row in ready
        if _fen(found, purse := chart.purse(row.old_card_id)) > 0
    }
    refused = _post(session, list(moves.values()), now)
    for row in ready:
        move = moves.get(row.old_card_id)
        if move is None or move.reference not in refused:
            row.moved_at, row.moved_fen = now, 0 if move is None else move.amount_fen
    session.flush()


def follow_dues(session: Session, rows: Sequence[CardReplacement], closed: ClosedDay, now: datetime) -> None:
    """Move what is due to old cards by now: also after their purses have moved, a close may give something back for an old ride.

    What may not be debited waits for another night.

    Args:
        session: joined, never committed.
        rows: replacements.
        closed: the day, which names the move.
        now: when it is written down.
    """
    found = _found(session, [chart.due(row.old_card_id) for row in rows])
    moves = [
        Transfer(
            f"{reference_of(row)}:due:{closed.day.isoformat()}",
            due,
            _target(session, row),
            found[due].balance_fen,
            kind=MOVE,
            occurred_at=now,
        )
        for row in rows
        if _fen(found, due := chart.due(row.old_card_id)) > 0
    ]
    _post(session, moves, now)


def reference_of(row: CardReplacement) -> str:
    """The name of what moves from the purse."""
    return f"{MOVE}:{row.old_card_id}:{row.new_card_id}"


def _accounts(row: CardReplacement) -> tuple[str, str, str]:
    card_id = row.old_card_id
    return chart.purse(card_id), chart.inload(card_id), chart.due(card_id)


def _found(session: Session, codes: Sequence[str]) -> Mapping[str, Balance]:
    return balances(session, sorted(existing(session, codes)))


def _fen(found: Mapping[str, Balance], code: str) -> int:
    """What an account holds; one that was never opened holds nothing."""
    return found[code].balance_fen if code in found else 0


def _waits(row: CardReplacement, found: Mapping[str, Balance]) -> bool:
    if _fen(found, chart.inload(row.old_card_id)):
        return True
    return any(found[code].state is AccountState.FROZEN for code in _accounts(row) if code in found)


def _target(session: Session, row: CardReplacement) -> str:
    """What is due to the card that is in the place of the old one today."""
    return chart.due(successor(session, row.new_card_id))


def _post(session: Session, moves: Sequence[Transfer], now: datetime) -> set[str]:
    """Post what is not refused; returns the references of what is."""
    if not moves:
        return set()
    chart.open_missing(session, {move.credit for move in moves})
    return {verdict.reference for verdict in post_each(session, moves, now=now) if verdict.refusal is not None}
