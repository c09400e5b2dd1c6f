"""A lost card, another in its place, and the money between them."""

from datetime import datetime, timedelta

import pytest

from citizencard import chart
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import Deed
from citizencard.clock import beijing_date
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_batch
from citizencard.settlement.flow import DayClosing, settle_day
from citizencard.settlement.replacements.errors import CardNotReplaceable, CardReplaced, ReplacementUnfit
from citizencard.settlement.replacements.models import CardReplacement
from citizencard.settlement.replacements.registering import Pair, replace_card
from citizencard.settlement.vouching import CHECKS
from ledger import AccountState, prove, set_account_state
from tests.citizencard.purse.uploads.make_records import MAKER, file_of, tap
from tests.citizencard.settlement.findings.make_findings import decided, ids, line
from tests.citizencard.settlement.make import FINANCE, move
from tests.citizencard.settlement.replacements.lost_card import held, lose

WEEK = timedelta(days=7)


def test_money_follows_after_seven_days_once(sessions: Sessions, now: datetime) -> None:
    """A holder who lost his card has what was on it a week later, with his new card; not before, and not twice."""
    city, new = lose(sessions, now)
    start = beijing_date(now)
    settle_day(sessions, DayClosing(start, start + timedelta(days=1)), FINANCE, now + timedelta(hours=1))
    assert held(sessions, chart.purse(city.lost.card_id), chart.due(new)) == [5_000, 0]
    for day in (1, 2):
        begin = start + timedelta(days=day)
        settle_day(sessions, DayClosing(begin, begin + timedelta(days=1)), FINANCE, now + WEEK + timedelta(hours=day))
    assert held(sessions, chart.purse(city.lost.card_id), chart.due(new)) == [0, 5_000]
    with reading(sessions) as session:
        assert session.get_one(CardReplacement, city.lost.card_id).moved_fen == 5_000


def test_what_is_due_to_the_old_card_later_follows_too(sessions: Sessions, now: datetime) -> None:
    """What a night gives back for an old ride after the money has moved, the holder has with his new card."""
    city, new = lose(sessions, now)
    start, at, old = beijing_date(now), now + WEEK + timedelta(hours=1), city.lost.card_id
    settle_day(sessions, DayClosing(start, start + timedelta(days=1)), FINANCE, at)
    for day in (1, 2):
        with transaction(sessions) as session:
            move(session, at, [(f"back{day}", chart.clearing(city.merchant_id), chart.due(old), 60)])
        begin = start + timedelta(days=day)
        settle_day(sessions, DayClosing(begin, begin + timedelta(days=1)), FINANCE, at + timedelta(hours=day))
    assert held(sessions, chart.due(old), chart.due(new)) == [0, 5_120]


def test_purse_waits_while_an_order_holds_what_is_due(sessions: Sessions, now: datetime) -> None:
    """A court's order over what is due to the old card keeps all of it where it is; nothing moves by halves, and the books prove."""
    city, new = lose(sessions, now)
    start, at, old = beijing_date(now), now + WEEK + timedelta(hours=1), city.lost.card_id
    with transaction(sessions) as session:
        move(session, now, [("back", chart.clearing(city.merchant_id), chart.due(old), 60)])
        set_account_state(session, chart.due(old), AccountState.FROZEN)
    settle_day(sessions, DayClosing(start, start + timedelta(days=1)), FINANCE, at)
    assert held(sessions, chart.purse(old), chart.due(old), chart.due(new)) == [5_000, 60, 0]
    with transaction(sessions) as session:
        assert prove(session, also=CHECKS).proved
        set_account_state(session, chart.due(old), AccountState.OPEN)
    begin = start + timedelta(days=1)
    settle_day(sessions, DayClosing(begin, begin + timedelta(days=1)), FINANCE, at + timedelta(hours=1))
    assert held(sessions, chart.purse(old), chart.due(old), chart.due(new)) == [0, 0, 5_060]


def test_late_taps_are_paid_by_whom_the_date_says(sessions: Sessions, regression: SoftwareVault, now: datetime) -> None:
    """A tap before the loss that comes in late is the holder's debt; one after it waits for a decision, which may fill the purse itself."""
    city, new = lose(sessions, now)
    start = beijing_date(now)
    at = now + WEEK + timedelta(hours=1)
    settle_day(sessions, DayClosing(start, start + timedelta(days=1)), FINANCE, at)
    before, after = now - timedelta(hours=2), now - timedelta(minutes=10)
    late = [tap(city.bus1, city.lost, before, 180), *(tap(city.bus1, city.lost, after, 180) for _ in range(2))]
    take_batch(sessions, regression, city.bus1.terminal_id, file_of(city.bus1, late), at + timedelta(hours=1))
    first, second, third = ids(sessions)
    decided(sessions, [line(second, "company", 180)], at + timedelta(hours=2))
    purse, owed = chart.purse(city.lost.card_id), chart.owed("holder", city.lost.card_id)
    assert held(sessions, purse, chart.due(new), chart.expense("hotlist_loss")) == [-360, 5_000, 180]
    for day in (1, 2):
        begin = start + timedelta(days=day)
        settle_day(sessions, DayClosing(begin, begin + timedelta(days=1)), FINANCE, at + timedelta(hours=3 + day))
    assert held(sessions, purse, owed, chart.expense("purse_loss")) == [-180, 180, 0]
    decided(sessions, [line(third, "merchant", 180)], at + timedelta(hours=6))
    begin = start + timedelta(days=3)
    settle_day(sessions, DayClosing(begin, begin + timedelta(days=1)), FINANCE, at + timedelta(hours=7))
    assert held(sessions, purse, owed, chart.expense("purse_loss"), chart.due(new)) == [0, 180, 180, 5_000]
    with reading(sessions) as session:
        proof = prove(session, also=CHECKS)
    assert proof.proved, proof.differences
    assert first


def test_only_lost_or_broken_cards_are_replaced_by_fresh_ones_of_the_same_person(
    sessions: Sessions, now: datetime
) -> None:
    """Nobody's money goes to somebody else's card, and no card has two successors."""
    city, new = lose(sessions, now)

    def replaced(old: str, by: str) -> None:
        with transaction(sessions) as session:
            replace_card(session, Pair(old, by), Deed(MAKER, now, "lost"))

    with pytest.raises(CardReplaced):
        replaced(city.lost.card_id, new)
    with pytest.raises(CardNotReplaceable):
        replaced(city.adult.card_id, new)
    with transaction(sessions) as session:
        session.get_one(Card, city.adult.card_id).state = CardState.BLOCKED
    with pytest.raises(ReplacementUnfit):
        replaced(city.adult.card_id, city.senior.card_id)
    with pytest.raises(ReplacementUnfit):
        replaced(city.adult.card_id, city.adult.card_id)


def test_what_is_decided_for_the_holder_goes_to_the_card_in_its_place(
    sessions: Sessions, regression: SoftwareVault, now: datetime
) -> None:
    """A tap of the lost card that is given back is the new card's money."""
    city, new = lose(sessions, now)
    record = tap(city.bus1, city.lost, now - timedelta(minutes=10), 180)
    take_batch(sessions, regression, city.bus1.terminal_id, file_of(city.bus1, [record]), now)
    decided(sessions, [line(ids(sessions)[0], "holder", 180)], now)
    assert held(sessions, chart.due(new), chart.due(city.lost.card_id)) == [180, 0]
