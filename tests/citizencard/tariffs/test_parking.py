"""Stays in lots: printed examples, the rules that cities print, and what must hold for every rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.parking import MAX_STAY, Stay, permit, quote, vehicle_of
from citizencard.tariffs.parking_rules import Discount, ParkingRule
from citizencard.tariffs.quotes import Quote
from tests.citizencard.tariffs.any_lot import by_minute, lots
from tests.citizencard.tariffs.make_rules import EIGHT, OFFSET, minutes, shipped, tariff

MONDAY = EIGHT + timedelta(days=2)
BY_HOUR = [{"each_minutes": 60, "price": "1.00"}]


def lot(charges: list[dict[str, Any]] | dict[str, Any], **fields: object) -> ParkingRule:
    """A lot with one charge or several."""
    listed = charges if isinstance(charges, list) else [charges]
    return tariff("parking", {"title": "lot", **fields, "charges": listed}).parking["x"]


def taicang() -> ParkingRule:
    return shipped("taicang_parking").parking["street"]


def stay(
    rule: ParkingRule,
    length: float,
    entered_at: datetime = EIGHT,
    traits: tuple[str, ...] = (),
    vehicle: str | None = None,
) -> Quote:
    """The quote of a stay of so many minutes."""
    asked = Stay(entered_at, entered_at + minutes(length), vehicle, frozenset(traits))
    return quote(rule, asked, OFFSET)


def fens(rule: ParkingRule, *lengths: float, entered_at: datetime = EIGHT) -> list[int]:
    return [stay(rule, length, entered_at).minor for length in lengths]


def told(found: Quote) -> list[tuple[str, int]]:
    return [(line.what, line.minor) for line in found.lines]


def test_taicang() -> None:
    """A driver pays in the street what the city has printed: 67 minutes are 7 yuan.

    Source: Taicang's development and reform commission, answer to a resident, 13 Feb 2025 (67 minutes); the others follow from its
    rule: up to 30 minutes free, up to an hour 5 yuan, then 2 for each half hour, at most 40 in 24 hours, charged from 7:00 to 21:00.
    """
    assert fens(taicang(), 67) == [700]
    assert fens(taicang(), 0, 30, 31, 60, 61, 90, 91, 600) == [0, 0, 500, 500, 700, 700, 900, 4000]


@pytest.mark.parametrize(
    ("entered", "left", "fen"),
    [
        ((21, 20, 40), (21, 21, 20), 500),
        ((21, 20, 40), (21, 21, 10), 0),
        ((21, 21, 0), (22, 7, 0), 0),
        ((21, 21, 0), (22, 7, 1), 500),
        ((21, 6, 30), (21, 7, 0), 0),
        ((21, 8, 0), (22, 8, 0), 4000),
        ((21, 8, 0), (22, 8, 31), 4500),
        ((21, 12, 0), (21, 12, 30), 0),
    ],
)
def test_only_charged_hours_count(entered: tuple[int, int, int], left: tuple[int, int, int], fen: int) -> None:
    """Minutes of the night cost nothing, and each 24 hours from the entry have their own cap.

    Derived from the rule of Taicang by hand.
    """
    began, ended = (EIGHT.replace(day=day, hour=hour, minute=minute) for day, hour, minute in (entered, left))
    assert quote(taicang(), Stay(began, ended), OFFSET).minor == fen


def test_begun_minutes_do_not_count() -> None:
    """A second less than the thirty-first minute is still free."""
    assert fens(taicang(), 30.99, 31) == [0, 500]


def test_price_explains_itself() -> None:
    """The driver sees what the price is made of, with the place of each rule."""
    found = stay(taicang(), 67)
    assert found.as_data() == {
        "minor": 700,
        "lines": [
            {
                "what": "first",
                "minor": 500,
                "rule": "parking.street.charges.0.steps.0",
                "facts": {"minutes": 60, "each_minutes": 60, "price_minor": 500, "steps": 1, "up_to_minutes": 60},
            },
            {
                "what": "steps",
                "minor": 200,
                "rule": "parking.street.charges.0.steps.1",
                "facts": {"minutes": 7, "each_minutes": 30, "price_minor": 200, "steps": 1},
            },
        ],
    }
    assert told(stay(taicang(), 12)) == [("free", 0)]
    assert told(stay(taicang(), 600)) == [("first", 500), ("steps", 3600), ("over_cap", -100)]
    evening = stay(taicang(), 40, EIGHT.replace(hour=20, minute=40))
    assert [(line.what, line.facts["minutes"]) for line in evening.lines] == [("uncharged", 20), ("first", 20)]


def test_beijing() -> None:
    """In Beijing's streets a quarter of an hour counts when it is over.

    Source: the copy named in shipped/beijing_parking.json (2.50 for 15 minutes in the first hour, 3.75 after it, less than 15
    minutes nothing); amounts derived from the rule.
    """
    street = shipped("beijing_parking").parking["class_1_street"]
    assert fens(street, 14, 15, 60, 75, 140) == [0, 250, 1000, 1375, 2875]


def zhumadian(**fields: object) -> ParkingRule:
    """Zhumadian, hearing draft of 2020, class 1 off-street: to 30 minutes free, to 1 h 4 yuan, then 1 an hour, 24 h cap 20."""
    steps = [{"up_to_minutes": 60, "each_minutes": 60, "price": "4.00"}, {"each_minutes": 60, "price": "1.00"}]
    free = {"minutes": 30, "again": fields.pop("again", "never")}
    return lot({"steps": steps}, free=free, period="24_hours", most_a_period="20.00", **fields)


def test_second_day_is_a_switch() -> None:
    """Whether the second day begins with free minutes, with the first hour or goes on is the city's to say.

    Zhumadian's draft says that the half hour is not free again; the other amounts follow from the rule. The cap: 4.00 + 16 × 1.00.
    """
    day = 24 * 60
    assert fens(zhumadian(), 30, 31, 60, 61, 17 * 60, 17 * 60 + 1, day) == [0, 400, 400, 500, 2000, 2000, 2000]
    assert fens(zhumadian(), day + 1, day + 30, day + 61) == [2400, 2400, 2500]
    assert fens(zhumadian(again="every_period"), day + 30, day + 31) == [2000, 2400]
    assert fens(zhumadian(next_period="continues"), day + 1, day + 61) == [2100, 2200]


def test_days_from_entry_and_seventh_day_free() -> None:
    """The 2.00 of the first hour are for day one only, a day is 24 h from the entry, not until midnight, and the 7th is free."""
    steps = [{"up_to_minutes": 60, "each_minutes": 60, "price": "2.00"}, {"each_minutes": 60, "price": "0.50"}]
    garage = lot(
        {"steps": steps}, period="24_hours", next_period="continues", free_period_every=7, most_a_period="10.00"
    )
    day = 24 * 60
    evening = EIGHT.replace(hour=23)
    assert fens(garage, 60, 120, day, entered_at=evening) == [200, 250, 1000]
    assert fens(garage, day + 1, 6 * day, 6 * day + 600, 7 * day, 7 * day + 60) == [1050, 6000, 6000, 6000, 6050]
    free = [line for line in stay(garage, 7 * day + 60).lines if line.what == "free_period"]
    assert [line.facts for line in free] == [{"minutes": day, "periods": 1}]
    assert free[0].rule == "parking.x.free_period_every"


def test_steps_that_are_paid_for_go_on() -> None:
    """Where steps continue, an hour that began before midnight is not paid for twice."""
    steps = [{"each_minutes": 60, "price": "1.00"}]
    night = EIGHT.replace(hour=22, minute=30)
    assert fens(lot({"steps": steps}, period="calendar_day"), 90, 120, entered_at=night) == [200, 300]
    going_on = lot({"steps": steps}, period="calendar_day", next_period="continues")
    assert fens(going_on, 90, 120, 121, entered_at=night) == [200, 200, 300]


def test_calendar_days_have_their_own_caps() -> None:
    """A cap by the calendar day begins anew at midnight, one by 24 hours at the hour of the entry."""
    charge = {"steps": BY_HOUR, "most_a_period": "4.00"}
    evening = EIGHT.replace(hour=20)
    for kind, fen in (("calendar_day", 800), ("24_hours", 400), ("stay", 400)):
        found = stay(lot(charge, period=kind), 10 * 60, evening)
        assert found.minor == fen
        assert found.lines[-1].rule == "parking.x.charges.0.most_a_period"


def test_weekdays_by_the_minute() -> None:
    """A price by the hour on weekdays from 8 to 18, to the minute; free otherwise. 17:30 to 18:30 is half an hour."""
    when = {"days": ["mon", "tue", "wed", "thu", "fri"], "hours": {"from": "08:00", "until": "18:00"}}
    office = lot({"when": when, "steps": [{"each_minutes": 60, "price": "2.00"}], "part_of_step": "by_minute"})
    assert fens(office, 60) == [0]
    assert fens(office, 60, entered_at=MONDAY.replace(hour=17, minute=30)) == [100]
    assert fens(office, 7, 8, 10, entered_at=MONDAY) == [23, 27, 33]
    assert [line.what for line in stay(office, 60, MONDAY.replace(hour=17, minute=30)).lines] == [
        "uncharged",
        "by_minute",
    ]


def test_thirds_of_a_fen_are_rounded_once() -> None:
    """Shares of several steps are added exactly and settled at the end: a third and two thirds of a fen are one."""
    halves: list[dict[str, Any]] = [
        {"when": {"hours": {"from": "08:00", "until": "12:00"}}, "steps": [{"each_minutes": 3, "price": "0.01"}]},
        {"when": {"hours": {"from": "12:00", "until": "18:00"}}, "steps": [{"each_minutes": 3, "price": "0.01"}]},
    ]
    exact = lot([one | {"part_of_step": "by_minute"} for one in halves])
    assert told(stay(exact, 3, EIGHT.replace(hour=11, minute=59))) == [("by_minute", 0), ("by_minute", 1)]
    yuan = lot({"steps": BY_HOUR, "part_of_step": "by_minute"}, rounding={"to": "1.00", "how": "down"})
    assert told(stay(yuan, 100)) == [("by_minute", 167), ("rounded_down", -67)]


def test_prices_by_day_and_by_visit() -> None:
    """A price per day or part of a day; a price per visit, however long; a day price that takes the place of a short one."""
    by_day = lot({"a_period": "10.00"}, period="24_hours")
    assert fens(by_day, 0, 1, 24 * 60, 24 * 60 + 1) == [0, 1000, 1000, 2000]
    assert fens(lot({"a_period": "10.00"}, period="calendar_day"), 17 * 60) == [2000]
    day = {"hours": {"from": "08:00", "until": "20:00"}}
    by_visit = lot({"when": day, "a_visit": "3.00"}, period="calendar_day")
    assert fens(by_visit, 1, 5 * 24 * 60) == [300, 300]
    assert fens(by_visit, 60, entered_at=EIGHT.replace(hour=21)) == [0]
    short = {"steps": BY_HOUR, "long_stay": {"after_minutes": 180, "price": "8.00"}}
    assert fens(lot(short, period="24_hours"), 180, 181, 24 * 60 + 60) == [300, 800, 900]
    assert told(stay(lot(short), 181)) == [("long_stay", 800)]


def test_first_charge_of_the_list_has_the_time() -> None:
    """A feast day before the weekday's price, the night's price before the day's; time without a charge is free."""
    rule = lot(
        [
            {"when": {"dates": ["2026-11-23"]}, "steps": [{"each_minutes": 60, "price": "0.00"}]},
            {"name": "night", "when": {"hours": {"from": "20:00", "until": "08:00"}}, "a_visit": "5.00"},
            {"steps": BY_HOUR},
        ]
    )
    assert fens(rule, 120, entered_at=MONDAY) == [0]
    assert told(stay(rule, 120, EIGHT.replace(hour=19))) == [("visit", 500), ("steps", 100)]
    assert stay(rule, 120, EIGHT.replace(hour=19)).lines[0].facts == {"charge": "night", "minutes": 60}


def test_vehicles() -> None:
    """A lorry pays more than a car; who names no vehicle has one of the first class; nobody prices a vehicle that is not listed."""
    rule = lot(
        [{"vehicles": ["large"], "steps": [{"each_minutes": 60, "price": "4.00"}]}, {"steps": BY_HOUR}],
        vehicles=["small", "large"],
    )
    assert [stay(rule, 60, vehicle=name).minor for name in (None, "small", "large")] == [100, 100, 400]
    with pytest.raises(RuleMissing) as missing:
        stay(rule, 60, vehicle="bus")
    assert missing.value.fields["place"] == "parking.x.vehicles"
    assert vehicle_of(lot({"steps": BY_HOUR}), "bus") is None


def test_free_minutes_that_a_longer_stay_keeps() -> None:
    """Charged after the free minutes, the thirty-first minute is the first of an hour, also where the free ones lie in the night."""
    after = lot({"steps": BY_HOUR}, free={"minutes": 30, "longer_stays": "charged_after"})
    assert fens(after, 30, 31, 90, 91) == [0, 100, 100, 200]
    assert told(stay(after, 31)) == [("free", 0), ("steps", 100)]
    again = lot(
        {"steps": BY_HOUR},
        period="calendar_day",
        free={"minutes": 30, "longer_stays": "charged_after", "again": "every_period"},
    )
    assert fens(again, 60, 61, 90, entered_at=EIGHT.replace(hour=23, minute=30)) == [0, 100, 100]


def test_discounts() -> None:
    """The first discount with one of the stay's traits: a share, an amount, free minutes; never more than the price."""
    rule = lot(
        {"steps": BY_HOUR},
        discounts=[
            {"name": "green", "traits": ["new_energy"], "pays": "0.5", "sponsor": "city"},
            {"name": "shop", "traits": ["receipt", "stamp"], "less": "2.00"},
            {"name": "club", "traits": ["member"], "free_minutes": 60},
        ],
    )
    green = stay(rule, 180, traits=("member", "new_energy"))
    assert told(green) == [("steps", 300), ("discount", -150)]
    assert green.sponsored() == {"city": 150}
    assert [stay(rule, length, traits=("stamp",)).minor for length in (60, 180)] == [0, 100]
    assert [stay(rule, length, traits=("member",)).minor for length in (60, 61, 180)] == [0, 100, 200]
    assert stay(rule, 60, traits=("stranger",)).minor == 100


def test_permits() -> None:
    """A month costs 150 yuan in Taicang's streets (printed with the rule); a stay with a permit pays for the other hours only."""
    assert permit(taicang(), "month").minor == 15_000
    day = {"hours": {"from": "08:00", "until": "18:00"}}
    rule = lot(
        {"steps": BY_HOUR},
        vehicles=["small", "large"],
        permits={"day": {"period": "month", "price": "99.00", "when": day, "vehicles": ["small"]}},
    )
    assert told(stay(rule, 120, EIGHT.replace(hour=17), traits=("day",))) == [("under_permit", 0), ("steps", 100)]
    assert stay(rule, 120, EIGHT.replace(hour=17), traits=("day",), vehicle="large").minor == 200
    for name, vehicle, place in (("year", None, "permits.year"), ("day", "large", "permits.day.vehicles")):
        with pytest.raises(RuleMissing) as missing:
            permit(rule, name, vehicle)
        assert missing.value.fields["place"] == f"parking.x.{place}"


def test_impossible_stays() -> None:
    """Nobody pays for a stay that ends before it begins, and no request makes the server reckon for ever."""
    for left_at in (EIGHT - timedelta(seconds=1), EIGHT + MAX_STAY + timedelta(seconds=1)):
        with pytest.raises(EventInvalid) as refused:
            quote(taicang(), Stay(EIGHT, left_at), OFFSET)
        assert refused.value.fields["field"] == "left_at"


def test_ten_years_are_priced_at_once() -> None:
    """A car that nobody fetches: equal days are priced once, and its explanation is as short as that of a day."""
    found = quote(taicang(), Stay(EIGHT, EIGHT + MAX_STAY), OFFSET)
    assert found.minor == 3660 * 4000
    assert [line.what for line in found.lines] == ["uncharged", "first", "steps", "over_cap"]


LOTS = lots().map(lambda rule: lot(**rule))
INSTANTS = st.integers(0, 2 * 86_400).map(lambda second: EIGHT + timedelta(seconds=second))
SECONDS = st.integers(0, 9 * 86_400).map(lambda second: timedelta(seconds=second))


@settings(max_examples=60)
@given(rule=lots(), minute=st.integers(0, 2 * 1440), length=st.integers(0, 4 * 1440))
def test_every_minute_by_itself(rule: dict[str, Any], minute: int, length: int) -> None:
    """A stay costs what it costs when each of its minutes is looked at by itself, by somebody who has not seen our way."""
    found, entered_at = lot(**rule), EIGHT + minutes(minute)
    assert stay(found, length, entered_at).minor == found.rounding.settle(by_minute(rule, entered_at, length))


@settings(max_examples=60)
@given(rule=LOTS, entered_at=INSTANTS, shorter=SECONDS, longer=SECONDS)
def test_who_stays_longer_never_pays_less(
    rule: ParkingRule, entered_at: datetime, shorter: timedelta, longer: timedelta
) -> None:
    """Waiting at the gate never makes it cheaper; in whatever zone the instants are written, the price is the same."""
    shorter, longer = sorted((shorter, longer))
    first, second = (quote(rule, Stay(entered_at, entered_at + one), OFFSET) for one in (shorter, longer))
    assert first.minor <= second.minor
    elsewhere = Stay(entered_at.astimezone(UTC), (entered_at + shorter).astimezone(UTC))
    assert quote(rule, elsewhere, OFFSET) == first


@settings(max_examples=60)
@given(rule=LOTS, entered_at=INSTANTS, length=SECONDS)
def test_every_price_is_accounted_for(rule: ParkingRule, entered_at: datetime, length: timedelta) -> None:
    """Lines add up to a price of nothing or more, their minutes to those of the stay, and no period costs more than its cap."""
    found = quote(rule, Stay(entered_at, entered_at + length), OFFSET)
    assert sum(line.minor for line in found.lines) == found.minor >= 0
    assert sum(int(line.facts.get("minutes", 0)) for line in found.lines) == length // minutes(1)
    if rule.most is not None:
        days = length.days + 2 if rule.period != "stay" else 1
        assert found.minor <= rule.rounding.settle(Fraction(days * rule.most))


@settings(max_examples=60)
@given(rule=LOTS, entered_at=INSTANTS, length=SECONDS, fen=st.integers(0, 5_000))
def test_discounts_never_cost(rule: ParkingRule, entered_at: datetime, length: timedelta, fen: int) -> None:
    """No discount makes a stay dearer, or cheaper than nothing."""
    plain = quote(rule, Stay(entered_at, entered_at + length), OFFSET).minor
    for pays, less, free_minutes in ((None, fen, None), (None, None, fen)):
        discount = Discount("p", "d", frozenset({"t"}), pays, less, free_minutes, None)
        asked = Stay(entered_at, entered_at + length, None, frozenset({"t"}))
        assert 0 <= quote(replace(rule, discounts=(discount,)), asked, OFFSET).minor <= plain
