"""Clearing in the night: before histories and netting, over the whole set, whatever came in first."""

from citizencard import chart
from citizencard.purse.uploads.models import FindingKind
from citizencard.settlement.flow import prove_books
from tests.citizencard.purse.uploads.make_records import SPONSOR
from tests.citizencard.settlement.clearing.looking import aside, found, sequences, state
from tests.citizencard.settlement.histories.make_histories import Nights


def test_all_branches_of_a_fork_are_set_aside_before_they_are_netted(nights: Nights) -> None:
    """A cloned card: neither tap is paid out, its sponsor pays for neither, and the other ride of the day is paid."""
    first, second = nights.ride(60, card_counter=5), nights.ride(30, card_counter=5)
    nights.upload(first, second, nights.ride(90, card_counter=4))
    settled = nights.close()
    merchant = nights.city.merchant_id
    assert found(nights, FindingKind.COUNTER_FORK) == sequences([first, second])
    assert aside(nights) == [(1, "counter_fork", 180, 20), (1, "counter_fork", 180, 20)]
    (position,) = settled.positions
    assert (position.clearing_fen, position.suspense_fen, position.subsidy_fen) == (180, 360, 20)
    assert nights.balance(chart.clearing(merchant)) == 0
    assert nights.balance(chart.payable(merchant)) == 180
    assert nights.balance(chart.merchant_suspense(merchant)) == 360
    assert nights.balance(chart.owed("sponsor", SPONSOR)) == 20
    assert prove_books(nights.sessions, nights.now).proved


def test_fork_with_a_tap_that_is_netted_already(nights: Nights) -> None:
    """The other branch comes days later: the first one's money leaves clearing in the open day, below zero, and is made up by netting."""
    nights.upload(nights.ride(60, card_counter=5))
    nights.close()
    nights.upload(nights.ride(30, card_counter=5))
    (position,) = nights.close().positions
    assert (position.clearing_fen, position.payable_fen, position.suspense_fen) == (-180, 0, 360)
    assert nights.balance(chart.payable(nights.city.merchant_id)) == 0
    assert prove_books(nights.sessions, nights.now).proved


def test_clearing_again_changes_nothing(nights: Nights) -> None:
    """A close that is asked for again, and the next one, find everything done."""
    nights.upload(nights.ride(60, card_counter=5), nights.ride(30, card_counter=5))
    nights.close()
    before, rows = state(nights), aside(nights)
    nights.close()
    assert (state(nights), aside(nights)) == (before, rows)
