"""Mistakes of meaning in lines and fares."""

from typing import Any

import pytest

from citizencard.tariffs.transit.inspecting_lines import LineNumbers
from tests.citizencard.tariffs.transit.make_rides import faults, line_with

STEP: dict[str, Any] = {"each_minutes": 1, "adds": "1"}
BUS = {"mode": "bus", "fare": {"flat": "2.00"}}


@pytest.mark.parametrize(
    ("ranges", "mistakes"),
    [
        (["1-9", "10", "11-65535"], {}),
        (["1-9", "9"], {"9": "must not have numbers that 1-9 has already, such as 9"}),
        (["5", "1-9"], {"5": "must not have numbers that 1-9 has already, such as 5"}),
        (["1-9", "2-3", "8-12"], {"2-3": "1-9 has already, such as 2", "8-12": "1-9 has already, such as 8"}),
        (["7", "7-7"], {"7-7": "must not have numbers that 7 has already, such as 7"}),
        (["9-3"], {"9-3": "must begin with the lower number: 3-9"}),
        (["65536"], {"65536": "must end at 65535 or below"}),
        (["70000-65536"], {"70000-65536": "must end at 65535 or below"}),
    ],
)
def test_numbers(ranges: list[str], mistakes: dict[str, str]) -> None:
    """Each number has one line, and fits in two bytes."""
    found = dict(faults(lines=dict.fromkeys(ranges, BUS)))
    assert found.keys() == {f"lines.{text}" for text in mistakes}
    assert all(message in found[f"lines.{text}"] for text, message in mistakes.items())


@pytest.mark.parametrize(
    ("fare", "place", "message"),
    [
        ({}, "", "must have exactly one of flat, sections, between, distance and time, has none"),
        ({"top": "3.00"}, "", "must have exactly one of flat, sections, between, distance and time, has none"),
        (
            {"flat": "1", "time": {"first_minutes": 1, "first": "1"}},
            "",
            "must have exactly one of flat, sections, between, distance and time, has flat and time",
        ),
        ({"flat": "1", "most": "2"}, "most", "must stand beside distance, time or sections: other fares have no highest one"),
        (
            {"distance": {"first_km": "3", "first": "2.00"}, "most": "1.99"},
            "most",
            "must not be below the first price, which nobody would ever pay",
        ),
        (
            {"sections": {"stops": [[1]], "prices": ["2.00"]}, "most": "1.99"},
            "most",
            "must not be below the first price, which nobody would ever pay",
        ),
        ({"flat": "1", "overtime_minutes": 9}, "top", "is missing: it is the price of a ride that is longer than overtime_minutes"),
        (
            {"sections": {"stops": [[1, 2], [3, 2]], "prices": ["1"]}},
            "sections.stops.1.1",
            "must not be named again: stop 2 is in section 0",
        ),
        (
            {"sections": {"stops": [[1, 2]], "prices": ["1", "2"]}},
            "sections.prices",
            "must not be more than the 1 sections",
        ),
        (
            {"between": [{"from": 1, "to": 2, "price": "1"}, {"from": 2, "to": 1, "price": "1", "one_way": True}]},
            "between.1",
            "must not give a price that entry 0 gives already",
        ),
        (
            {"distance": {"first_km": "3", "first": "1", "then": [{"each_km": "0", "adds": "1"}]}},
            "distance.then.0.each_km",
            "must be 0.1 or more",
        ),
        (
            {"distance": {"first_km": "3", "first": "1", "then": [{"up_to_km": "9", "each_km": "1", "adds": "1"}]}},
            "distance.then.0.up_to_km",
            "must be left out: the last band has no end",
        ),
        (
            {"time": {"first_minutes": 3, "first": "1", "then": [STEP, STEP]}},
            "time.then.0.up_to_minutes",
            "is missing: only the last band has no end",
        ),
        (
            {"time": {"first_minutes": 3, "first": "1", "then": [{"up_to_minutes": 3, **STEP}, STEP]}},
            "time.then.0.up_to_minutes",
            "must be more than where the band before ends",
        ),
    ],
)  # fmt: skip
def test_fares(fare: dict[str, Any], place: str, message: str) -> None:
    """Each mistake of a fare, of the usual one and of one for certain times."""
    assert faults(lines=line_with(fare)) == [(".".join(filter(None, ("lines.7.fare", place))), message)]
    other = BUS | {"fares_when": [{"when": {"days": ["sun"]}, "fare": fare}]}
    (found,) = faults(lines={"7": other})
    assert found[0].startswith("lines.7.fares_when.0.fare")


def test_prices_both_ways() -> None:
    """A price from a stop to itself, and one for each way, contradict nothing."""
    entries = [
        {"from": 1, "to": 1, "price": "1"},
        {"from": 1, "to": 2, "price": "1", "one_way": True},
        {"from": 2, "to": 1, "price": "2", "one_way": True},
    ]
    assert faults(lines=line_with({"between": entries})) == []


def test_lines_that_rules_name() -> None:
    """A range is of use when one of its numbers has a line."""
    numbers = LineNumbers({"5-9": {}, "20": {}, "x": {}, "12-10": {}, "99999": {}})
    wrong = [text for text in ("4", "4-5", "9-19", "10-19", "19", "20", "1-65535", "11") if numbers.mistake(text)]
    assert wrong == ["4", "10-19", "19", "11"]
