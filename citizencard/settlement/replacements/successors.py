"""Where the money of a card's holder belongs that is not on a chip: with the card, or with the one that came in its place."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.cards.models import Card, CardState
from citizencard.purse.uploads.models import TapRecord
from citizencard.settlement.replacements.models import CardReplacement

MAX_SUCCESSORS: Final = 100
"""Nobody loses more cards one after the other than this."""
GONE: Final = frozenset({CardState.CLOSED, CardState.SPOILED})


def holders_accounts(session: Session, records: Iterable[TapRecord]) -> dict[int, str | None]:
    """Where money that is given back for each tap goes, by record id; None when its card is closed and none came in its place.

    It is what is due to the card, or to the last one that came in its place. A tap that came in after the old purse was emptied has taken
    from it what its holder had been given already: what is given back belongs into that purse.

    Args:
        session: read only; a few statements for any number of taps.
        records: taps of known cards.
    """
    wanted = [record for record in records if record.card_id is not None]
    links = _links(session, {str(record.card_id) for record in wanted})
    states = _states(session, {_last(links, str(record.card_id)) for record in wanted})
    found: dict[int, str | None] = {}
    for record in wanted:
        card_id = str(record.card_id)
        link = links.get(card_id)
        if link is not None and link.moved_at is not None and record.received_at > link.moved_at:
            found[record.id] = chart.purse(card_id)
            continue
        last = _last(links, card_id)
        found[record.id] = None if states.get(last) in GONE else chart.due(last)
    return found


def successor(session: Session, card_id: str) -> str:
    """The card that is in the place of this one today: the last of the line, or the card itself."""
    return _last(_links(session, {card_id}), card_id)


def _links(session: Session, card_ids: set[str]) -> dict[str, CardReplacement]:
    """Replacements of these cards, and of those that came in their place, and so on."""
    found: dict[str, CardReplacement] = {}
    asked = card_ids
    for _ in range(MAX_SUCCESSORS):
        rows = session.scalars(select(CardReplacement).where(CardReplacement.old_card_id.in_(asked))).all()
        found |= {row.old_card_id: row for row in rows}
        asked = {row.new_card_id for row in rows} - found.keys()
        if not asked:
            break
    return found


def _last(links: Mapping[str, CardReplacement], card_id: str) -> str:
    for _ in range(MAX_SUCCESSORS):
        link = links.get(card_id)
        if link is None:
            break
        card_id = link.new_card_id
    return card_id


def _states(session: Session, card_ids: set[str]) -> dict[str, str]:
    rows = session.execute(select(Card.id, Card.state).where(Card.id.in_(card_ids)))
    return {row.id: row.state for row in rows}
