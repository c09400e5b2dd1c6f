"""What a document says about rides, read."""

from fractions import Fraction
from typing import Any

from citizencard.tariffs.amounts import Rounding
from citizencard.tariffs.transit.model import Companions, Mode, Reduction, Steps, Transit
from citizencard.tariffs.transit.reading import line_numbers, read_fare
from tests.citizencard.tariffs.transit.make_rides import city


def read(**rules: Any) -> Transit:
    transit = city(**rules).transit
    assert transit is not None
    return transit


def test_what_is_not_said() -> None:
    """The defaults that the page names."""
    transit = read()
    assert (transit.day_starts_s, transit.week_starts, transit.rounding) == (0, 0, Rounding(1, "half_up"))
    assert transit.modes == {"bus": Mode(), "tram": Mode(), "metro": Mode(starts_at_exit=True)}
    assert (transit.concessions, transit.transfers, transit.companions, transit.passes) == ((), (), None, {})
    rules = read(transfers=[{"minutes": 30, "less": "1.00"}], caps=[{"name": "c", "period": "day", "most": "8"}])
    (change,), (cap,) = rules.transfers, rules.caps
    assert (change.name, change.place) == ("transfers.0", "transit.transfers.0")
    assert (change.last_second_counts, change.counts_from_first, change.same_line) == (True, False, False)
    assert (change.most_in_a_row, change.most_a_day, change.reduce_first) == (None, None, False)
    assert (cap.most, cap.place, cap.sponsor) == (800, "transit.caps.0", None)
    assert read(ride_counts=[{"name": "r", "period": "day", "after": 1}]).ride_counts[0].pays == 0
    assert read(companions={"classes": ["0F"], "most": 2}, classes={"0F": {"name": "x"}}).companions == Companions(
        "transit.companions", frozenset({15}), 2, Fraction(1)
    )


def test_ranges_of_lines() -> None:
    """A range is each of its numbers, both ends included, under one rule."""
    assert list(line_numbers("7")) == [7]
    assert list(line_numbers("9-11")) == [9, 10, 11]
    lines = read().lines
    assert len(lines) == 99 + 1 + 2
    assert lines[1] is lines[99]
    assert lines[1].place == "transit.lines.1-99"
    (rule,) = read(concessions=[{"lines": ["1-3", "801"], "less": "0.10"}]).concessions
    assert rule.scope.lines == frozenset({1, 2, 3, 801})
    assert rule.reduction == Reduction(less=10)


def test_fares() -> None:
    """Amounts in minor units, lengths exact."""
    money = city().money
    then = [{"up_to_km": "16", "each_km": "2.5", "adds": "1.00"}, {"each_km": "9", "adds": "0.5"}]
    distance = {"first_km": "6", "first": "2.00", "then": then}
    fare = read_fare("x", {"distance": distance, "top": "10.00", "overtime_minutes": 120}, money)
    steps = ((Fraction(16), Fraction(5, 2), 100), (None, Fraction(9), 50))
    assert (fare.distance, fare.top, fare.overtime_minutes) == (Steps(Fraction(6), 200, steps), 1000, 120)
    sections = read_fare("x", {"sections": {"stops": [[1, 2], [3]], "prices": ["1", "2"]}}, money)
    assert (sections.section_of, sections.section_prices) == ({1: 0, 2: 0, 3: 1}, (100, 200))
    one_way = {"from": 2, "to": 3, "price": "2", "one_way": True}
    between = read_fare("x", {"between": [{"from": 1, "to": 2, "price": "1"}, one_way]}, money)
    assert between.between == {(1, 2): 100, (2, 1): 100, (2, 3): 200}
