"""A city in which a card was lost and another took its place."""

from datetime import datetime

from citizencard import chart
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import Deed
from citizencard.db import Sessions, reading, transaction
from citizencard.settlement.replacements.registering import Pair, replace_card
from ledger import balances, existing
from tests.citizencard.purse.uploads.make_records import ADULT, MAKER, City, make_card, make_city
from tests.citizencard.settlement.make import move


def held(sessions: Sessions, *codes: str) -> list[int]:
    """What accounts hold; those never opened hold nothing."""
    with reading(sessions) as session:
        found = balances(session, sorted(existing(session, list(codes))))
    return [found[code].balance_fen if code in found else 0 for code in codes]


def lose(sessions: Sessions, now: datetime) -> tuple[City, str]:
    """A city whose lost card had ¥50 on it, and a new card of the same person in its place; returns its id."""
    city = make_city(sessions, now)
    with transaction(sessions) as session:
        move(session, now, [("load", chart.till("1"), chart.purse(city.lost.card_id), 5_000)])
        session.get_one(Card, city.lost.card_id).state = CardState.LOST
        new = make_card(session, 9, ADULT, now)
        session.get_one(Card, new.card_id).person_id = session.get_one(Card, city.lost.card_id).person_id
        replace_card(session, Pair(city.lost.card_id, new.card_id), Deed(MAKER, now, "lost"))
    return city, new.card_id
