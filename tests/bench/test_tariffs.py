"""The tariffs' bench measures real prices: what is compared does the same work."""

import random
from datetime import date
from fractions import Fraction

import pytest

from bench.tariffs import by_hand
from bench.tariffs.measuring import TAPS_BAR, _counted, _profile, _same, rides_of_a_day, shipped, stays_of_a_month
from citizencard.tariffs import parking, utilities
from citizencard.tariffs.transit.pricing import price
from citizencard.tariffs.utilities import Reading


def test_both_ways_find_the_same_fares() -> None:
    """The rule written by hand and the tariff as data agree on every ride, and the reasons by hand add up to the fare."""
    tariff = shipped("suzhou")
    for ride in rides_of_a_day(300, random.Random(7)):
        fen = price(tariff, ride).quote.minor
        explained = by_hand.suzhou_bus_explained(ride)
        assert fen == by_hand.suzhou_bus(ride) == explained["fen"]


def test_rides_of_the_bench_are_of_every_kind() -> None:
    """A bench of nothing but full fares would flatter: transfers, late transfers and reduced fares must all occur."""
    tariff = shipped("suzhou")
    found = {price(tariff, ride).quote.minor for ride in rides_of_a_day(300, random.Random(7))}
    assert found == {0, 60, 120}


def test_both_ways_find_the_same_parking_and_bills() -> None:
    """Stays and bills cost the same by hand."""
    street = shipped("taicang_parking")
    for stay in stays_of_a_month(20, random.Random(8)):
        assert parking.quote(street.parking["street"], stay, street.offset).minor == by_hand.taicang_street(stay)
    home = shipped("jiangsu_electricity").utilities["home"]
    for units in (0, 1, 2760, 2761, 4800, 5999):
        reading = Reading(date(2026, 1, 1), date(2026, 12, 31), Fraction(units))
        assert utilities.bill(home, reading).minor == by_hand.jiangsu_home(units)


def test_half_the_work_makes_no_figure() -> None:
    """Whoever leaves taps out, or finds other prices, is not fast."""
    with pytest.raises(AssertionError, match="only 9 of 10"):
        _counted(10, 9)
    with pytest.raises(AssertionError, match="1 prices differ, the first is 2 and 3"):
        _same([1, 2], [1, 3])


def test_profile_names_the_dearest_functions() -> None:
    """Where the figure falls short, the reader is told what the time is spent on."""
    tariff, rides = shipped("suzhou"), rides_of_a_day(50, random.Random(9))
    lines = _profile(lambda: sum(price(tariff, ride).quote.minor for ride in rides))
    assert any("pricing.py" in line for line in lines)
    assert TAPS_BAR == 40_000
