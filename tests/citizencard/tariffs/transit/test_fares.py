"""Full fares of every kind, at their limits, and the set of all fares that a line can have."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.transit.fares import MAX_KM, full_fare, possible_fares
from citizencard.tariffs.transit.pricing import Ride, price
from citizencard.tariffs.transit.reading import read_fare
from tests.citizencard.tariffs.transit.make_rides import ADULT, at, city, line_with

SECTIONS = {"sections": {"stops": [[1, 2, 3], [4, 5], [6]], "prices": ["1.00", "1.50"]}}
BETWEEN = {
    "between": [
        {"from": 1, "to": 2, "price": "2.00"},
        {"from": 1, "to": 3, "price": "3.00", "one_way": True},
        {"from": 3, "to": 1, "price": "2.50", "one_way": True},
    ],
    "top": "4.00",
}
DISTANCE = {
    "distance": {
        "first_km": "3",
        "first": "2.00",
        "then": [{"up_to_km": "6", "each_km": "2", "adds": "0.50"}, {"each_km": "1.5", "adds": "1.00"}],
    }
}
TIME = {
    "time": {"first_minutes": 15, "first": "1.00", "then": [{"each_minutes": 10, "adds": "0.50"}]},
    "overtime_minutes": 60,
    "top": "9.00",
}


def base(fare: dict[str, Any], **ride: Any) -> int:
    return price(city(lines=line_with(fare)), Ride(7, ADULT, at("08:00"), **ride)).base


@pytest.mark.parametrize(
    ("from_stop", "to_stop", "minor"), [(1, 3, 100), (1, 1, 100), (3, 4, 150), (5, 3, 150), (1, 6, 150), (6, 2, 150)]
)
def test_sections(from_stop: int, to_stop: int, minor: int) -> None:
    """The number of sections touched decides, either way; the last price is for all longer rides."""
    assert base(SECTIONS, from_stop=from_stop, to_stop=to_stop) == minor


@pytest.mark.parametrize(("from_stop", "to_stop", "minor"), [(1, 2, 200), (2, 1, 200), (1, 3, 300), (3, 1, 250)])
def test_between(from_stop: int, to_stop: int, minor: int) -> None:
    """A price for two stops holds both ways unless it is for one."""
    assert base(BETWEEN, from_stop=from_stop, to_stop=to_stop) == minor


@pytest.mark.parametrize(
    ("km", "minor"),
    [
        ("0", 200),
        ("3", 200),
        ("3.001", 250),
        ("5", 250),
        ("5.001", 300),
        ("6", 300),
        ("6.1", 400),
        ("7.5", 400),
        ("7.51", 500),
    ],
)
def test_distance(km: str, minor: int) -> None:
    """A part of a step counts as a whole; a band that ends within a step begins the next one anew."""
    assert base(DISTANCE, km=Fraction(km)) == minor


@pytest.mark.parametrize(
    ("seconds", "minor"), [(0, 100), (900, 100), (901, 150), (1500, 150), (1501, 200), (3600, 350), (3601, 900)]
)
def test_time(seconds: int, minor: int) -> None:
    """Minutes in the system, to the second; beyond the limit the top fare."""
    assert base(TIME, exit_at=at("08:00") + timedelta(seconds=seconds)) == minor


@pytest.mark.parametrize("fare", [SECTIONS, DISTANCE])
def test_what_is_needed_is_not_known(fare: dict[str, Any]) -> None:
    """Without stops, km or exit there is the top fare, or a rule is missing."""
    assert base(fare | {"top": "8.00"}) == 800
    with pytest.raises(RuleMissing) as refused:
        base(fare)
    assert refused.value.fields["place"] == "transit.lines.7.fare.top"


@pytest.mark.parametrize(
    ("fare", "ride", "place"),
    [
        (SECTIONS, {"from_stop": 1, "to_stop": 9}, "fare.sections.stops"),
        (BETWEEN, {"from_stop": 2, "to_stop": 3}, "fare.between"),
        ({"distance": {"first_km": "3", "first": "2.00"}}, {"km": Fraction(4)}, "fare.distance.then"),
        ({"time": {"first_minutes": 3, "first": "2.00"}}, {"exit_at": at("08:04")}, "fare.time.then"),
    ],
)
def test_missing_price_is_named(fare: dict[str, Any], ride: dict[str, Any], place: str) -> None:
    """A stop or a length that the fare does not reach is no reason to guess."""
    with pytest.raises(RuleMissing) as refused:
        base(fare, **ride)
    assert refused.value.fields["place"] == f"transit.lines.7.{place}"


@pytest.mark.parametrize(
    ("ride", "field"),
    [
        ({"exit_at": at("07:59:59")}, "exit_at"),
        ({"exit_at": at("08:01", day=9)}, "exit_at"),
        ({"km": Fraction(-1)}, "km"),
        ({"km": Fraction(MAX_KM) + Fraction(1, 10)}, "km"),
        ({"claimed_base": 201}, "claimed_base"),
    ],
)
def test_what_cannot_be(ride: dict[str, Any], field: str) -> None:
    """No ride ends before it begins, goes round the world, or has a fare that the line does not have."""
    with pytest.raises(EventInvalid) as refused:
        base(DISTANCE, **ride)
    assert refused.value.fields["field"] == field


def test_claimed_fare() -> None:
    """A record without stops says what the terminal reckoned; it counts where the line can have it and nothing better is known."""
    assert base(DISTANCE, claimed_base=350 - 50) == 300
    assert base(BETWEEN, claimed_base=400) == 400
    assert base(DISTANCE, claimed_base=500, km=Fraction(3)) == 200
    assert base({"flat": "2.00"}, claimed_base=700) == 200


def test_fares_at_certain_times() -> None:
    """The first fare whose time fits the entry, else the usual one."""
    fares = [
        {"when": {"dates": ["2026-03-03"]}, "fare": {"flat": "0"}},
        {"when": {"hours": {"from": "22:00", "until": "05:00"}}, "fare": {"flat": "3.00"}},
    ]
    tariff = city(lines={"7": {"mode": "bus", "fare": {"flat": "2.00"}, "fares_when": fares}})
    asked = {("08:00", 2): 200, ("23:00", 2): 300, ("23:00", 3): 0, ("04:59:59", 4): 300, ("05:00", 4): 200}
    assert {(clock, day): price(tariff, Ride(7, ADULT, at(clock, day))).base for clock, day in asked} == asked
    rule = price(tariff, Ride(7, ADULT, at("23:00"))).quote.lines[0].rule
    assert rule == "transit.lines.7.fares_when.1.fare"


def test_flat_fare_with_overtime() -> None:
    """A flat metro may still charge who stays too long."""
    fare = {"flat": "2.00", "top": "6.00", "overtime_minutes": 120}
    tariff = city(lines=line_with(fare))
    exits = [None, at("10:00"), at("10:00:01"), at("09:00")]
    assert [price(tariff, Ride(7, ADULT, at("08:00"), exit_at=one)).base for one in exits] == [200, 200, 600, 200]


def test_possible_fares() -> None:
    """Every fare that some ride can have, and no other."""
    money = city().money
    fares = {name: possible_fares(read_fare("x", entry, money)) for name, entry in (("s", SECTIONS), ("b", BETWEEN))}
    assert fares == {"s": {100, 150}, "b": {200, 250, 300, 400}}
    assert possible_fares(read_fare("x", {"flat": "2.00"}, money)) == {200}
    assert possible_fares(read_fare("x", TIME, money)) >= {100, 150, 900}
    distances = possible_fares(read_fare("x", DISTANCE, money))
    ridden = {base(DISTANCE, km=Fraction(tenths, 10)) for tenths in (*range(0, 400, 3), 10 * MAX_KM)}
    assert ridden <= distances
    assert 225 not in distances
    assert max(distances) == base(DISTANCE, km=Fraction(MAX_KM))


tenths = st.integers(1, 120).map(lambda count: Fraction(count, 10))


@st.composite
def distances(draw: st.DrawFn) -> dict[str, Any]:
    """Any distance fare."""
    limits = sorted(draw(st.sets(tenths, min_size=1, max_size=4)))
    bands = [
        {
            "up_to_km": f"{float(limit)}",
            "each_km": f"{float(draw(tenths))}",
            "adds": draw(st.sampled_from(["0", "0.50", "1"])),
        }
        for limit in limits[1:]
    ]
    last = [{"each_km": f"{float(draw(tenths))}", "adds": "1.00"}] if bands else []
    return {"distance": {"first_km": f"{float(limits[0])}", "first": "2.00", "then": bands + last}}


@settings(max_examples=50, deadline=None)
@given(distances(), st.lists(tenths, min_size=2, max_size=6))
def test_longer_is_never_cheaper(entry: dict[str, Any], lengths: list[Fraction]) -> None:
    """A longer ride costs at least as much, and what it costs is one of the fares that the line can have."""
    fare = read_fare("x", entry, Money("CNY", 2))
    reach = fare.distance.first_up_to if fare.distance and not fare.distance.then else Fraction(MAX_KM)
    ridden = sorted(km for km in lengths if km <= reach)
    prices = [full_fare(fare, Ride(7, ADULT, at("08:00"), km=km)).minor for km in ridden]
    assert prices == sorted(prices)
    assert set(prices) <= possible_fares(fare)


@pytest.mark.parametrize(
    ("km", "minor"), [("3", 200), ("5", 250), ("6", 300), ("6.1", 375), ("7.5", 375), ("900", 375)]
)
def test_most_is_the_highest_fare_by_distance(km: str, minor: int) -> None:
    """A ceiling that lies within a step is reached by the part of the step; a ride without exit has its own price."""
    fare = {**DISTANCE, "most": "3.75", "top": "9.00"}
    assert base(fare, km=Fraction(km)) == minor
    assert base(fare) == 900
    assert possible_fares(read_fare("x", fare, Money("CNY", 2))) == {200, 250, 300, 375, 900}


def test_most_of_sections_and_of_the_first_price() -> None:
    """The price for more sections is the ceiling too; a ceiling at the first price makes it the only one."""
    assert base({**SECTIONS, "most": "1.20"}, from_stop=1, to_stop=6) == 120
    assert base({**SECTIONS, "most": "1.20"}, from_stop=1, to_stop=2) == 100
    assert base({**DISTANCE, "most": "2.00"}, km=Fraction(900)) == 200
    assert base({"distance": {"first_km": "3", "first": "2.00"}, "most": "2.00"}, km=Fraction(3)) == 200


bands = st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["0.5", "1", "2.5"]), st.integers(0, 150)), max_size=3)


@settings(max_examples=60)
@given(bands, st.integers(0, 900), st.fractions(0, 40, max_denominator=100), st.sampled_from(["km", "minutes"]))
def test_a_ceiling_changes_nothing_below_it(
    drawn: list[tuple[int, str, int]], more: int, measure: Fraction, unit: str
) -> None:
    """With a ceiling every ride costs what it would without one, or the ceiling where that is less."""
    then: list[dict[str, Any]] = []
    limit = 2
    for length, each, adds in drawn:
        limit += length
        size: Any = each if unit == "km" else length
        last: Any = str(limit) if unit == "km" else limit
        then.append({f"up_to_{unit}": last, f"each_{unit}": size, "adds": f"{adds // 100}.{adds % 100:02}"})
    if then:
        then[-1].pop(f"up_to_{unit}")
    else:
        measure = min(measure, Fraction(2))
    kind = "distance" if unit == "km" else "time"
    fare = {kind: {f"first_{unit}": "2" if unit == "km" else 2, "first": "1.00", "then": then}}
    ride = {"km": measure} if unit == "km" else {"exit_at": at("08:00") + int(measure * 60) * timedelta(seconds=1)}
    most = 100 + more
    ceiling = {**fare, "most": f"{most // 100}.{most % 100:02}"}
    assert base(ceiling, **ride) == min(most, base(fare, **ride))
    money = Money("CNY", 2)
    known = {min(most, one) for one in possible_fares(read_fare("x", fare, money))}
    assert possible_fares(read_fare("x", ceiling, money)) == known


def test_a_ceiling_that_a_cheap_band_never_reaches_holds_in_the_next() -> None:
    """Steps of a cent would reach it beyond any ride, those of the dear band after them do so at once."""
    then = [{"up_to_km": "10", "each_km": "2.5", "adds": "0.01"}, {"each_km": "1", "adds": "2.00"}]
    fare = {"distance": {"first_km": "3", "first": "4.00", "then": then}, "most": "10.00"}
    assert [base(fare, km=Fraction(km)) for km in (10, 11, 12, 13, 14, 900)] == [403, 603, 803, 1_000, 1_000, 1_000]
