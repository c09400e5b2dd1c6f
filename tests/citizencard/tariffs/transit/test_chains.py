"""Transfers: the window to the second, the clock points, the lines, and what the card carries on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from citizencard.tariffs.transit.pricing import Anchor, Ride, price
from tests.citizencard.tariffs.transit.make_rides import ADULT, METRO, STUDENT, TRAM, at, city, device_prices, metro

FREE: dict[str, Any] = {"minutes": 30, "costs": "0"}


def is_transfer(rule: dict[str, Any], ride: Ride, **rules: Any) -> bool:
    return price(city(transfers=[FREE | rule], **rules), ride).transferred


@pytest.mark.parametrize(
    ("clock", "inclusive", "exclusive"),
    [
        ("07:59:59", False, False),
        ("08:00", True, True),
        ("08:29:59", True, True),
        ("08:30", True, False),
        ("08:30:01", False, False),
    ],
)
def test_window(clock: str, *, inclusive: bool, exclusive: bool) -> None:
    """The last second counts unless the tariff says otherwise; a ride before the anchor is no transfer from it."""
    ride = Ride(2, ADULT, at(clock), Anchor(1, at("08:00")))
    assert is_transfer({}, ride) is inclusive
    assert is_transfer({"last_second_counts": False}, ride) is exclusive


def test_part_of_a_second() -> None:
    """Half a second after the window is after the window."""
    late = at("08:30").replace(microsecond=500_000)
    assert not is_transfer({}, Ride(2, ADULT, late, Anchor(1, at("08:00"))))


@pytest.mark.parametrize("year", [1, 1601, 9999])
def test_damaged_anchor(year: int) -> None:
    """What a damaged card says about the ride before never stands in the way of a price."""
    rule = {"minutes": 1440, "minutes_when": [{"when": {"days": ["sun"]}, "minutes": 1}]}
    damaged = datetime(year, 1, 1, tzinfo=UTC) if year < 9999 else datetime(year, 12, 31, 23, tzinfo=UTC)
    assert not is_transfer(rule, Ride(2, ADULT, at("08:10"), Anchor(1, damaged)))
    assert is_transfer(rule, Ride(2, ADULT, at("08:10", 3), Anchor(1, at("08:10"))))


def test_same_line() -> None:
    """Back by the same line is no transfer, unless the tariff says so."""
    ride = Ride(1, ADULT, at("08:10"), Anchor(1, at("08:00")))
    assert not is_transfer({}, ride)
    assert is_transfer({"same_line": True}, ride)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"from": {"modes": ["bus"]}}, True),
        ({"from": {"modes": ["tram"]}}, False),
        ({"to": {"modes": ["tram"]}}, True),
        ({"to": {"modes": ["bus"]}}, False),
        ({"from": {"operators": ["city_bus"]}}, True),
        ({"to": {"operators": ["city_bus"]}}, False),
        ({"from": {"lines": ["1-2"]}, "to": {"lines": ["801"]}}, True),
        ({"from": {"lines": ["2-9"]}}, False),
        ({"classes": ["01"]}, True),
        ({"classes": ["02"]}, False),
        ({"when": {"hours": {"from": "08:10", "until": "09:00"}}}, True),
        ({"when": {"hours": {"from": "08:00", "until": "08:10"}}}, False),
        ({"when": {"days": ["mon"]}}, True),
        ({"when": {"days": ["sat", "sun"]}}, False),
        ({"most_in_a_row": 1}, True),
        ({"most_in_a_row": 2}, False),
        ({"most_a_day": 4}, False),
    ],
)
def test_which_rides(rule: dict[str, Any], *, expected: bool) -> None:
    """A rule is for the legs, classes and times that it names; one that needs a count is not for devices."""
    assert is_transfer(rule, Ride(TRAM, ADULT, at("08:10"), Anchor(1, at("08:00")))) is expected


def test_a_line_that_the_tariff_does_not_have() -> None:
    """What a card carries from a line that is unknown here reduces nothing."""
    assert not is_transfer({}, Ride(1, ADULT, at("08:10"), Anchor(500, at("08:00"))))


@pytest.mark.parametrize(("ends_at", "entered", "left", "expected"), [
    ("entry", "08:30", "08:50", True),
    ("exit", "08:10", "08:30", True),
    ("exit", "08:10", "08:30:01", False),
    ("entry", "08:30:01", "08:50", False),
])  # fmt: skip
def test_clock_point_of_the_later_ride(ends_at: str, entered: str, left: str, *, expected: bool) -> None:
    """A city says whether one must have entered or have left the metro within the window."""
    modes = {"bus": {}, "tram": {}, "metro": {"window_starts_at": "exit", "window_ends_at": ends_at}}
    ride = Ride(METRO, ADULT, at(entered), Anchor(1, at("08:00")), exit_at=at(left))
    assert is_transfer({}, ride, modes=modes) is expected


def test_first_rule_that_fits() -> None:
    """The order of the document decides between rules; one that does not fit leaves the next."""
    rules = [
        {"minutes": 10, "less": "1.50"},
        {"minutes": 60, "less": "1.00", "classes": ["02"]},
        {"minutes": 60, "less": "0.50"},
    ]
    tariff = city(transfers=rules)
    found = [
        price(tariff, Ride(2, card_class, at(clock), Anchor(1, at("08:00")))).quote.minor
        for card_class, clock in ((ADULT, "08:10"), (ADULT, "08:11"), (STUDENT, "08:11"))
    ]
    assert found == [50, 150, 100]


@pytest.mark.parametrize(
    ("rule", "anchors"),
    [
        ({}, [(1, "08:00"), (2, "08:20"), (3, "08:40")]),
        ({"counts_from": "first"}, [(1, "08:00"), (1, "08:00"), (3, "08:40")]),
        ({"most_in_a_row": 1}, [(1, "08:00"), None, (3, "08:40")]),
    ],
)
def test_what_the_card_carries_on(rule: dict[str, Any], anchors: list[tuple[int, str] | None]) -> None:
    """From the ride before, from the first of the chain, or nothing where one transfer is all."""
    tariff, anchor, found = city(transfers=[FREE | rule]), None, []
    for line in (1, 2, 3):
        priced = price(tariff, Ride(line, ADULT, at(f"08:{20 * (line - 1)}"), anchor))
        anchor = priced.next_anchor
        found.append(None if anchor is None else (anchor.line, f"{anchor.at:%H:%M}"))
    assert found == anchors


def test_metro_carries_its_exit() -> None:
    """The window runs from where one leaves the metro."""
    tariff = city(transfers=[FREE])
    ended: datetime = at("08:40")
    assert device_prices(tariff, metro(at("08:00"), ended), Ride(1, ADULT, at("09:10"))) == [400, 0]
    assert device_prices(tariff, metro(at("08:00"), ended), Ride(1, ADULT, at("09:10:01"))) == [400, 200]
