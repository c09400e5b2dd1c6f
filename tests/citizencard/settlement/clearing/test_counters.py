"""The card's counter: equal twice, against time, and a card at two places at once; clocks that differ a little are no finding."""

from datetime import timedelta

from citizencard.db import transaction
from citizencard.merchants.registry import NewLine, register_line, register_merchant
from citizencard.purse.uploads.flow import take_batch
from citizencard.purse.uploads.models import FindingKind
from tests.citizencard.purse.uploads.make_records import file_of, make_device, tap
from tests.citizencard.settlement.clearing.looking import aside, found, sequences
from tests.citizencard.settlement.histories.make_histories import Nights


def test_clocks_some_minutes_apart_are_no_rollback(nights: Nights) -> None:
    """The second bus's clock is 25 minutes slow: nobody is suspected of anything."""
    nights.upload(nights.ride(60, card_counter=5), nights.ride(85, bus=nights.city.bus2, card_counter=6))
    nights.close()
    assert found(nights, FindingKind.COUNTER_ROLLBACK) == set()


def test_a_counter_against_time_is_found_and_moves_no_money(nights: Nights) -> None:
    """A tap that the chip made later says an hour earlier; when the taps in between come in, only that one stands."""
    set_back = nights.ride(120, bus=nights.city.bus2, card_counter=7)
    later = nights.ride(40, card_counter=9)
    nights.upload(nights.ride(60, card_counter=6), later)
    nights.close()
    assert found(nights, FindingKind.COUNTER_ROLLBACK) == set()
    nights.upload(set_back)
    nights.close()
    assert found(nights, FindingKind.COUNTER_ROLLBACK) == sequences([set_back])
    assert aside(nights) == []


def test_what_explains_a_finding_withdraws_it(nights: Nights) -> None:
    """Two taps were out of order because the one between them had not come in: its clock was at fault, not that of the next."""
    slow = nights.ride(95, card_counter=8)
    nights.upload(nights.ride(60, card_counter=6), slow)
    nights.close()
    assert found(nights, FindingKind.COUNTER_ROLLBACK) == sequences([slow])
    nights.upload(nights.ride(80, bus=nights.city.bus2, card_counter=7))
    nights.close()
    assert found(nights, FindingKind.COUNTER_ROLLBACK) == set()


def test_nobody_is_on_two_lines_in_one_second(nights: Nights) -> None:
    """One card at two lines in one second is a finding; two taps a minute apart on one company's buses are not."""
    second = nights.ride(60, bus=nights.city.bus2, card_counter=6)
    nights.upload(nights.ride(60, card_counter=5), second, nights.ride(30, card_counter=8))
    nights.close()
    assert found(nights, FindingKind.IMPOSSIBLE_TRAVEL) == sequences([second])


def test_two_companies_within_a_minute(nights: Nights) -> None:
    """Nobody changes from one company's bus to another's in half a minute; of one company's it may be a family's two doors."""
    with transaction(nights.sessions) as session:
        other = register_merchant(session, "Other Bus", "bus", now=nights.now).id
        register_line(session, NewLine(3, other, "Line 3", 200), now=nights.now)
        bus3 = make_device(session, 3, other, nights.now - timedelta(hours=2))
    first, at = nights.ride(30, card_counter=5), nights.now - timedelta(minutes=30)
    here = tap(bus3, nights.city.adult, at + timedelta(seconds=30), 180, card_counter=6)
    there = tap(nights.city.bus2, nights.city.adult, at + timedelta(seconds=100), 180, card_counter=7)
    nights.upload(first, there)
    take_batch(nights.sessions, nights.hsm, bus3.terminal_id, file_of(bus3, [here]), nights.now)
    nights.close()
    assert found(nights, FindingKind.IMPOSSIBLE_TRAVEL) == sequences([here])
