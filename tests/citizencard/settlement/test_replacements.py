"""Replacements beyond the way of the money: who follows whom, and purses that cannot move yet."""

from datetime import datetime, timedelta

from citizencard import chart
from citizencard.accounts.freezing import freeze, unfreeze
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import Deed
from citizencard.db import Sessions, transaction
from citizencard.settlement.replacements.models import CardReplacement
from citizencard.settlement.replacements.moving import due_moves, move_purses
from citizencard.settlement.replacements.registering import WAITING, Pair, replace_card
from citizencard.settlement.replacements.shortfalls import moved_cards
from citizencard.settlement.replacements.successors import successor
from ledger import ClosedDay
from tests.citizencard.purse.uploads.make_records import ADULT, MAKER, make_card
from tests.citizencard.settlement.make import DAY, move
from tests.citizencard.settlement.replacements.lost_card import held, lose


def test_money_goes_to_the_last_card_of_the_line(sessions: Sessions, now: datetime) -> None:
    """Whoever loses the new card as well has his money with the third one, also what was due to the first."""
    city, second = lose(sessions, now)
    with transaction(sessions) as session:
        session.get_one(Card, second).state = CardState.LOST
        third = make_card(session, 10, ADULT, now).card_id
        session.get_one(Card, third).person_id = session.get_one(Card, second).person_id
        replace_card(session, Pair(second, third), Deed(MAKER, now, "lost again"))
        move(session, now, [("due", chart.till("1"), chart.due(city.lost.card_id), 70)])
        assert successor(session, city.lost.card_id) == third
        closed = ClosedDay(DAY, 0, now + WAITING)
        move_purses(session, due_moves(session, closed, 10), closed, now + WAITING)
        assert len(moved_cards(session, 10)) == 2
    assert held(sessions, chart.due(third), chart.due(city.lost.card_id)) == [5_070, 0]


def test_purse_under_order_and_load_on_its_way_wait(sessions: Sessions, now: datetime) -> None:
    """Money that a court holds, or that is on its way onto the old chip, is not moved behind anybody's back; once it may be, it is."""
    city, new = lose(sessions, now)
    old, later = city.lost.card_id, now + WAITING
    deed = Deed(MAKER, now)

    def night() -> bool:
        with transaction(sessions) as session:
            closed = ClosedDay(DAY, 0, later)
            move_purses(session, due_moves(session, closed, 10), closed, later)
            return session.get_one(CardReplacement, old).moved_at is not None

    with transaction(sessions) as session:
        assert due_moves(session, ClosedDay(DAY, 0, later - timedelta(seconds=1)), 10) == []
        freeze(session, chart.purse(old), "court order 7", deed)
    assert not night()
    with transaction(sessions) as session:
        unfreeze(session, chart.purse(old), "lifted", deed)
        move(session, now, [("on_its_way", chart.till("1"), chart.inload(old), 100)])
    assert not night()
    with transaction(sessions) as session:
        move(session, now, [("proven", chart.inload(old), chart.purse(old), 100)])
    assert night()
    assert held(sessions, chart.due(new), chart.purse(old)) == [5_100, 0]
