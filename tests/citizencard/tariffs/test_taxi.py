"""Taxi trips: Yangzhou's rule with amounts derived by hand, and what must hold for every rule."""

from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.tariffs.errors import EventInvalid
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.taxi import MAX_KM, MAX_WAITING_S, TaxiRule, Trip, meter_check, quote
from tests.citizencard.tariffs.make_rules import EIGHT, OFFSET, faults, shipped, tariff

FLAG: dict[str, Any] = {"title": "fleet", "flag": {"km": "3", "price": "9.00"}, "km_price": "1.60"}


def fleet(**fields: object) -> TaxiRule:
    return tariff("taxi", FLAG | fields).taxi["x"]


def yangzhou() -> TaxiRule:
    return shipped("yangzhou_taxi").taxi["yangzhou"]


def at(hour: int, minute: int = 0) -> datetime:
    return EIGHT.replace(hour=hour, minute=minute)


def trip(rule: TaxiRule, km: str, waiting_s: int = 0, began: datetime = EIGHT, *, one_way: bool = True) -> Quote:
    return quote(rule, Trip(began, Fraction(km), waiting_s, one_way), OFFSET)


def told(found: Quote) -> list[tuple[str, int]]:
    return [(line.what, line.minor) for line in found.lines]


# Source: the page named in shipped/yangzhou_taxi.json: flag 9 yuan for 3 km, 1.60 a km, empty return +50 % of the km price beyond 3 km one
# way by day (+60 % from 23:00 to 5:00), the first 5 minutes of waiting free, then each begun half minute is 100 m, night 23:00 to 6:00
# flag +1 and km price +20 %, not on the empty return. 3 km by day are 9.00; the others are derived here by hand.
@pytest.mark.parametrize(
    ("km", "waiting_s", "hour", "one_way", "fen"),
    [
        ("3", 0, 8, True, 900),
        ("0", 0, 8, True, 900),
        # 2 km beyond: 9.00 + 3.20 + half of that, 1.60
        ("5", 0, 8, True, 1_380),
        ("5", 0, 8, False, 1_220),
        # 7.5 km: 4.5 × 1.60 = 7.20, and 3.60
        ("7.5", 0, 8, True, 1_980),
        # the first five minutes are free; then one second begins a half minute: 100 m are 0.16
        ("3", 300, 8, True, 900),
        ("3", 301, 8, True, 916),
        ("3", 330, 8, True, 916),
        ("3", 331, 8, True, 932),
        # ten minutes: five that count are ten half minutes, 1 km
        ("5", 600, 8, False, 1_380),
        # night: 10.00 + 3.20 × 1.2 = 3.84, empty return 3.20 × 0.6 = 1.92
        ("5", 0, 23, True, 1_576),
        ("5", 0, 22, True, 1_380),
        # at 5 the empty return is the day's again, at 6 the rest
        ("5", 0, 4, True, 1_576),
        ("5", 0, 5, True, 1_544),
        ("5", 0, 6, True, 1_380),
        # night with a minute of waiting that counts: 2 × 0.16 × 1.2 = 0.384
        ("3", 360, 23, True, 1_038),
    ],
)
def test_yangzhou(km: str, waiting_s: int, hour: int, one_way: bool, fen: int) -> None:
    """A passenger pays what the printed rule says, by day and night, one way and back."""
    assert trip(yangzhou(), km, waiting_s, at(hour), one_way=one_way).minor == fen


def test_price_explains_itself() -> None:
    """Each piece names its rule; the fuel surcharge that the flag has inside is told, not added."""
    found = trip(yangzhou(), "5", 331, at(23, 30))
    assert [(line.what, line.minor, line.rule.removeprefix("taxi.yangzhou.")) for line in found.lines] == [
        ("flag", 900, "flag"),
        ("km", 320, "km_price"),
        ("empty_return", 192, "empty_return.0"),
        ("waiting", 32, "waiting"),
        ("night_flag", 100, "night.0"),
        ("night_km", 70, "night.0"),
        ("fuel_included", 0, "fuel_surcharge"),
    ]
    assert found.lines[2].facts == {"km": "2", "percent": "60"}
    assert found.lines[3].facts == {"seconds": 331, "pieces": 2, "each_seconds": 30}


def test_steps_of_kilometres() -> None:
    """A begun step counts as a whole, also for the empty return; and the total is settled as the city says."""
    rule = fleet(each_km="0.5", empty_return=[{"beyond_km": "4", "adds": "0.5"}])
    assert told(trip(rule, "3.1")) == [("flag", 900), ("km", 80)]
    assert told(trip(rule, "4.1")) == [("flag", 900), ("km", 240), ("empty_return", 40)]
    assert told(trip(fleet(flag={"km": "1", "price": "0.00"}), "1")) == [("flag", 0)]
    whole = fleet(rounding={"to": "1.00", "how": "half_up"}, fuel_surcharge={"price": "1.00"})
    assert told(trip(whole, "3.3")) == [("flag", 900), ("km", 48), ("fuel_surcharge", 100), ("rounded_down", -48)]


def test_waiting_at_a_price_of_its_own() -> None:
    """A city may price waiting by itself, and let only full pieces count; then the night has no part in it."""
    waiting = {"free_minutes": 1, "each_seconds": 60, "price": "0.50", "part_counts": False}
    rule = fleet(waiting=waiting, night=[{"when": {"hours": {"from": "23:00", "until": "06:00"}}, "km_adds": "0.2"}])
    assert [trip(rule, "3", seconds, at(23)).minor for seconds in (60, 119, 120, 185)] == [900, 900, 950, 1_000]


def test_meter_is_checked() -> None:
    """An inspector sees by how much a meter went wrong, and what the trip costs."""
    ride = Trip(EIGHT, Fraction(5))
    found = meter_check(yangzhou(), ride, OFFSET, 1_400)
    assert (found.quote.minor, found.metered, found.difference) == (1_380, 1_400, 20)
    assert meter_check(yangzhou(), ride, OFFSET, 1_380).difference == 0
    with pytest.raises(EventInvalid):
        meter_check(yangzhou(), ride, OFFSET, -1)


@pytest.mark.parametrize(
    ("ride", "field"),
    [
        (Trip(EIGHT, Fraction(-1)), "km"),
        (Trip(EIGHT, Fraction(MAX_KM + 1)), "km"),
        (Trip(EIGHT, Fraction(1), -1), "waiting_s"),
        (Trip(EIGHT, Fraction(1), MAX_WAITING_S + 1), "waiting_s"),
    ],
)
def test_impossible_trips(ride: Trip, field: str) -> None:
    """Nobody drives less than nothing."""
    with pytest.raises(EventInvalid) as refused:
        quote(yangzhou(), ride, OFFSET)
    assert refused.value.fields["field"] == field


NIGHT = {"when": {"hours": {"from": "23:00", "until": "06:00"}}}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"each_km": "0"}, "each_km"),
        ({"waiting": {"each_seconds": 30}}, "waiting"),
        ({"waiting": {"each_seconds": 30, "as_km": "0.1", "price": "1.00"}}, "waiting"),
        ({"night": [NIGHT]}, "night.0"),
        ({"empty_return": [{"beyond_km": "3", "adds": "0.5"}, {"beyond_km": "9", "adds": "0.6"}]}, "empty_return.1"),
        ({"fuel_surcharge": {"price": "9.01", "included": True}}, "fuel_surcharge.price"),
    ],
)
def test_each_mistake_has_its_place(change: dict[str, object], place: str) -> None:
    """No wrong value slips into a fare."""
    assert [found for found, _ in faults("taxi", FLAG | change)] == [place]


SHARES = st.sampled_from(("0", "0.2", "0.5", "1.1"))
KM = st.integers(0, 60_000).map(lambda metres: Fraction(metres, 1000))


@st.composite
def fleets(draw: st.DrawFn) -> TaxiRule:
    """Any fleet."""
    fields: dict[str, Any] = {
        "empty_return": [{"beyond_km": draw(st.sampled_from(("0", "3", "7.5"))), "adds": draw(SHARES)}]
    }
    fields["night"] = [NIGHT | {"flag_adds": "1.00", "km_adds": draw(SHARES)}]
    fields["waiting"] = {"free_minutes": draw(st.integers(0, 10)), "each_seconds": draw(st.integers(1, 400))}
    fields["waiting"] |= draw(st.sampled_from(({"as_km": "0.1"}, {"price": "0.333333"})))
    fields["waiting"]["part_counts"] = draw(st.booleans())
    fields |= draw(st.sampled_from(({}, {"each_km": "0.5"}, {"each_km": "1"})))
    fields |= draw(st.sampled_from(({}, {"rounding": {"to": "1.00", "how": "half_even"}})))
    return fleet(**fields)


@settings(max_examples=50)
@given(
    rule=fleets(),
    km=st.lists(KM, min_size=2, max_size=2).map(sorted),
    waiting=st.lists(st.integers(0, 4_000), min_size=2, max_size=2).map(sorted),
    hour=st.integers(0, 23),
)
def test_longer_never_costs_less(rule: TaxiRule, km: list[Fraction], waiting: list[int], hour: int) -> None:
    """Neither a longer way nor longer waiting makes a trip cheaper; coming back is never dearer; lines add up."""
    short = quote(rule, Trip(at(hour), km[0], waiting[0]), OFFSET)
    assert short.minor <= quote(rule, Trip(at(hour), km[1], waiting[1]), OFFSET).minor
    assert quote(rule, Trip(at(hour), km[0], waiting[0], one_way=False), OFFSET).minor <= short.minor
    assert sum(line.minor for line in short.lines) == short.minor >= 0
