"""Netting: what a merchant earned becomes payable once, whatever is repeated."""

from datetime import datetime

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.settlement.netting import net
from ledger import balance, close_day
from tests.citizencard.settlement.make import AFTER_NEXT, DAY, NEXT_DAY, begin, day_of_rides, move


def test_merchant_is_owed_the_days_accepted_taps_and_no_more(session: Session, now: datetime) -> None:
    """Taps in doubt stay in suspense, subsidies are shown apart, taps after the cut wait for the next day."""
    merchant_id = begin(session, now)
    day_of_rides(session, merchant_id, now)
    closed = close_day(session, DAY, NEXT_DAY, now=now)
    move(session, now, [("late", chart.purse("card_1"), chart.clearing(merchant_id), 150)])
    (position,) = net(session, closed, now)
    assert (position.clearing_fen, position.payable_fen, position.subsidy_fen, position.suspense_fen) == (
        260,
        260,
        340,
        200,
    )
    assert [p.clearing_fen for p in net(session, closed, now)] == [260]
    assert balance(session, chart.payable(merchant_id)).balance_fen == 260
    assert balance(session, chart.clearing(merchant_id)).balance_fen == 150


def test_second_day_nets_only_what_the_first_left(session: Session, now: datetime) -> None:
    """No tap is paid on two days."""
    merchant_id = begin(session, now)
    day_of_rides(session, merchant_id, now)
    net(session, close_day(session, DAY, NEXT_DAY, now=now), now)
    day_of_rides(session, merchant_id, now, "b")
    (position,) = net(session, close_day(session, NEXT_DAY, AFTER_NEXT, now=now), now)
    assert (position.clearing_fen, position.payable_fen, position.subsidy_fen) == (260, 520, 680)


def test_more_refunds_than_sales_are_netted_the_other_way(session: Session, now: datetime) -> None:
    """A merchant that gave back more than it sold owes the difference from its payable."""
    merchant_id = begin(session, now)
    move(session, now, [("refund", chart.clearing(merchant_id), chart.due("card_1"), 90)])
    (position,) = net(session, close_day(session, DAY, NEXT_DAY, now=now), now)
    assert (position.clearing_fen, position.payable_fen) == (-90, -90)
    assert balance(session, chart.payable(merchant_id)).balance_fen == -90
