"""The rating with a card's history: chain, bands, passes, ride counts, lifetime, caps, and what is remembered."""

from typing import Any

import pytest

from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.quotes import Line
from citizencard.tariffs.transit.entitlements import PassSale, sell_pass
from citizencard.tariffs.transit.history import CardRide, rate, rate_ride
from citizencard.tariffs.transit.pricing import Anchor, Ride
from citizencard.tariffs.transit.states import Chain, History
from tests.citizencard.tariffs.transit.make_rides import (
    ADULT,
    METRO,
    SENIOR,
    STUDENT,
    at,
    city,
    device_prices,
    metro,
    rated_prices,
)

FREE: dict[str, Any] = {"minutes": 30, "costs": "0"}
DAY_CAP: dict[str, Any] = {"name": "day", "period": "day", "most": "5.00", "sponsor": "transport"}


def buses(*clocks: str, day: int = 2, card_class: int = ADULT) -> list[Ride]:
    """Rides on ever new lines."""
    return [Ride(1 + index, card_class, at(clock, day)) for index, clock in enumerate(clocks)]


def last_line(tariff: Tariff, rides: list[Ride], history: History | None = None) -> Line:
    """The last piece of the explanation of the last ride."""
    histories = {"card": history or History()}
    *_, rated = rate(tariff, [CardRide("card", ride, "") for ride in rides], histories)
    return rated.quote.lines[-1]


@pytest.mark.parametrize(
    ("rule", "prices"),
    [
        ({}, [200, 0, 0, 0, 0, 0]),
        ({"most_in_a_row": 1}, [200, 0, 200, 0, 200, 0]),
        ({"most_in_a_row": 2}, [200, 0, 0, 200, 0, 0]),
        ({"counts_from": "first"}, [200, 0, 0, 0, 200, 0]),
        ({"counts_from": "first", "most_in_a_row": 2}, [200, 0, 0, 200, 0, 0]),
        ({"most_a_day": 2}, [200, 0, 0, 200, 200, 200]),
        ({"most_a_day": 3, "most_in_a_row": 1}, [200, 0, 200, 0, 200, 0]),
    ],
)
def test_true_chain(rule: dict[str, Any], prices: list[int]) -> None:
    """Each kind of limit, for six rides on different lines, ten minutes apart."""
    tariff = city(transfers=[FREE | rule])
    assert rated_prices(tariff, buses("08:00", "08:10", "08:20", "08:30", "08:40", "08:50")) == prices


def test_transfers_of_a_day_begin_anew() -> None:
    """The count is of the operating day: at 04:30 it begins anew, and not at midnight."""
    tariff = city(transfers=[FREE | {"most_a_day": 1}], day_starts="04:30")
    rides = buses("23:50", "24:10", "24:20", "28:29", "28:30", "28:31")
    assert rated_prices(tariff, rides) == [200, 0, 200, 200, 0, 200]


def test_two_rules_share_the_chain() -> None:
    """A chain that a rule without a limit has lengthened counts for the rule with one."""
    rules = [
        {"name": "to_metro", "to": {"modes": ["metro"]}, "minutes": 60, "less": "1.00"},
        {"name": "to_bus", "to": {"modes": ["bus"]}, "minutes": 60, "costs": "0.50", "most_in_a_row": 2},
    ]
    tariff = city(transfers=rules)
    rides = [
        buses("08:00")[0],
        metro(at("08:10"), at("08:20")),
        Ride(2, ADULT, at("08:30")),
        Ride(3, ADULT, at("08:40")),
    ]
    assert rated_prices(tariff, rides) == [200, 300, 50, 200]


def test_never_above_the_price_from_the_record() -> None:
    """What a device was right to charge is not made dearer, whatever the history says; the explanation is then the record's."""
    tariff = city(transfers=[FREE])
    ride = Ride(2, ADULT, at("08:10"), Anchor(1, at("08:00")))
    quote, alone = rate_ride(tariff, ride, History())
    assert (quote.minor, alone.quote.minor, quote) == (0, 0, alone.quote)


@pytest.mark.parametrize(
    ("rule", "prices"),
    [
        ({"most_in_a_row": 1}, [0, 200, 0]),
        ({}, [0, 0, 0]),
        ({"counts_from": "first"}, [0, 0, 200]),
        ({"most_in_a_row": 2}, [0, 0, 200]),
        ({"most_a_day": 2}, [0, 0, 200]),
    ],
)
def test_a_ride_that_only_the_card_has_seen(rule: dict[str, Any], prices: list[int]) -> None:
    """What happened before the first ride that is known counts as the card carries it."""
    tariff = city(transfers=[FREE | rule])
    first, *rides = buses("08:10", "08:20", "08:31")
    carried = Ride(first.line, ADULT, first.at, Anchor(9, at("08:00")))
    assert rated_prices(tariff, [carried, *rides]) == prices


def test_a_ride_that_comes_in_later() -> None:
    """Between two rides that are known a third was a transfer's earlier leg: the card's word goes on, and nothing is given twice."""
    tariff = city(transfers=[FREE | {"most_in_a_row": 1}])
    unknown = Anchor(9, at("11:00"))
    rides = [
        *buses("08:00"),
        Ride(2, ADULT, at("11:10"), unknown),
        Ride(3, ADULT, at("11:20")),
        Ride(4, ADULT, at("11:30")),
    ]
    assert rated_prices(tariff, rides) == [200, 0, 200, 0]
    endless = city(transfers=[FREE | {"counts_from": "first"}])
    assert rated_prices(endless, rides) == [200, 0, 0, 0]
    assert rated_prices(endless, [*rides, Ride(5, ADULT, at("11:30:01"))])[-1] == 200, "counted from the unknown ride"


BANDS: dict[str, Any] = {
    "name": "month",
    "modes": ["metro"],
    "period": "month",
    "of": "paid",
    "steps": [{"above": "7.00", "pays": "0.5"}, {"above": "9.00", "pays": "0.9"}],
}


def test_bands_of_what_was_paid() -> None:
    """Before the first step the concession holds; then the band takes its place; above must be exceeded; each month begins anew."""
    tariff = city(bands=[BANDS], concessions=[{"pays": "0.875"}], day_starts="04:30")
    rides = [metro(at(f"{8 + 2 * index:02}:00"), at(f"{9 + 2 * index:02}:00")) for index in range(5)]
    assert rated_prices(tariff, rides) == [350, 350, 350, 350, 350], "0.9 is dearer than the card's own 0.875"
    tariff = city(bands=[BANDS], concessions=[{"pays": "0.9"}], day_starts="04:30")
    assert rated_prices(tariff, rides) == [360, 360, 200, 360, 360]
    next_month = [metro(at("28:29", 31), at("28:40", 31)), metro(at("28:30", 31), at("28:40", 31))]
    assert rated_prices(tariff, [*rides, *next_month]) == [360, 360, 200, 360, 360, 360, 360]
    assert rated_prices(tariff, [*rides[:2], *next_month]) == [360, 360, 200, 360]
    line = last_line(tariff, rides[:3])
    assert line == Line(
        "band",
        -200,
        "transit.bands.0.steps.0",
        {"name": "month", "so_far_minor": 720, "above_minor": 700, "pays": "50%"},
    )


def test_bands_of_full_fares() -> None:
    """Full fares may be what counts; rides that the rule is not for count for nothing."""
    tariff = city(bands=[BANDS | {"of": "full"}], concessions=[{"pays": "0.75"}])
    rides = [metro(at("08:00"), at("08:10")), *buses("10:00", "11:00"), metro(at("12:00"), at("12:10"))]
    assert rated_prices(tariff, [*rides, metro(at("14:00"), at("14:10"))]) == [300, 150, 150, 300, 200]


def test_band_and_transfer() -> None:
    """The band stands where the concession stood in the order of operations."""
    step = [{"above": "0", "pays": "0.5"}]
    for order, price_minor in (("discount_then_reduce", 100), ("reduce_then_discount", 150)):
        tariff = city(bands=[BANDS | {"steps": step}], transfers=[{"minutes": 90, "less": "1.00", "order": order}])
        assert rated_prices(tariff, [*buses("08:00"), metro(at("08:10"), at("08:30"))]) == [200, price_minor]


PASSES: dict[str, Any] = {
    "ten": {"classes": ["01"], "period": "month", "price": "10.00", "rides": 2},
    "all": {"modes": ["bus"], "when": {"days": ["mon", "tue"]}, "period": "week", "price": "20.00", "pays": "0.1"},
}


def test_counted_pass() -> None:
    """A pass pays so many rides of its month; rides that are left lapse with the month; what is free anyway takes none."""
    tariff, history = city(passes=PASSES, transfers=[FREE]), History()
    assert sell_pass(tariff, PassSale("ten", ADULT, at("07:00")), history).minor == 1000
    prices = rated_prices(tariff, buses("08:00", "08:10", "12:00", "12:10", "16:00"), history)
    assert prices == [0, 0, 0, 0, 200], "the second and the fourth are transfers"
    sell_pass(tariff, PassSale("ten", ADULT, at("17:00")), history)
    line = last_line(tariff, buses("18:00"), history)
    assert line == Line("pass", -200, "transit.passes.ten", {"by": "rides", "name": "ten", "rides_left": 1})
    assert rated_prices(tariff, buses("08:00", day=32), history) == [200], "April"


def test_pass_without_count() -> None:
    """A week pass is for its lines, days and week, and may leave a share of the full fare to pay."""
    tariff, history = city(passes=PASSES), History()
    sell_pass(tariff, PassSale("all", SENIOR, at("07:00")), history)
    rides = buses("08:00", "09:00", card_class=SENIOR)
    assert rated_prices(tariff, rides, history) == [20, 20]
    later = [Ride(METRO, SENIOR, at("10:00")), *(Ride(1, SENIOR, at("08:00", day)) for day in (3, 4, 9))]
    assert rated_prices(tariff, later, history) == [400, 20, 200, 200]
    assert last_line(tariff, rides, history).facts == {"name": "all"}


def test_ride_counts() -> None:
    """After so many rides of the week the next ones are cheaper, the first rule that is reached holds."""
    rules = [
        {"name": "five", "classes": ["01"], "period": "week", "after": 4, "pays": "0.25"},
        {"name": "three", "period": "week", "after": 2, "pays": "0.5"},
    ]
    tariff = city(ride_counts=rules, concessions=[{"pays": "0.9"}])
    rides = buses("08:00", "09:00", "10:00", "11:00", "12:00")
    assert rated_prices(tariff, rides) == [180, 180, 90, 90, 45]
    assert rated_prices(tariff, [*rides, *buses("08:00", day=8), *buses("08:00", day=9)])[5:] == [45, 180]
    assert last_line(tariff, rides) == Line(
        "ride_count", -135, "transit.ride_counts.0", {"name": "five", "rides": 4, "after": 4, "pays": "25%"}
    )


def test_lifetime() -> None:
    """Years with enough rides add up, gaps do not matter, and the year that runs is not counted yet."""
    tariff = city(lifetime=[{"name": "loyal", "rides_a_year": 2, "years": 2, "pays": "0"}])
    days = [2, 3, 2 + 365, 2 + 2 * 365, 3 + 2 * 365, 2 + 3 * 365]
    rides = [Ride(1, ADULT, at("08:00", day)) for day in days]
    assert rated_prices(tariff, rides) == [200, 200, 200, 200, 200, 0]
    assert last_line(tariff, rides).facts == {"name": "loyal", "years": 2, "after": 2, "pays": "0%"}


def test_years_that_are_forgotten_still_count() -> None:
    """Forty years need more than is remembered year by year."""
    tariff = city(lifetime=[{"name": "loyal", "rides_a_year": 2, "years": 40, "pays": "0"}])
    rides = [Ride(1, ADULT, at("08:00", day + 365 * year)) for year in range(41) for day in (20, 30)]
    history = History()
    assert rated_prices(tariff, rides, history) == [200] * 80 + [0, 0]
    assert len(history.totals["lifetime.loyal"]) < 20


@pytest.mark.parametrize(
    ("day_starts", "prices"), [("04:30", [200, 200, 100, 0, 200, 200]), ("00:00", [200, 200, 200, 200, 100, 0])]
)
def test_day_cap(day_starts: str, prices: list[int]) -> None:
    """A day's rides cost no more than the cap; the day ends when the city says, at 04:30 or at midnight."""
    tariff = city(caps=[DAY_CAP], day_starts=day_starts)
    assert rated_prices(tariff, buses("22:00", "23:00", "24:00", "28:29", "28:30", "29:00")) == prices


def test_caps_of_day_and_week() -> None:
    """All caps hold; a week begins on the day that the city names."""
    week = {"name": "week", "period": "week", "most": "12.00", "classes": ["01"]}
    tariff = city(caps=[DAY_CAP, week], week_starts="wed")
    rides = [ride for day in (4, 5, 6, 10, 11) for ride in buses("08:00", "09:00", "10:00", day=day)]
    assert rated_prices(tariff, rides) == [200, 200, 100, 200, 200, 100, 200, 0, 0, 0, 0, 0, 200, 200, 100]
    line = last_line(tariff, rides[:3])
    facts: dict[str, int | str] = {"by": "day", "name": "day", "most_minor": 500, "paid_minor": 400}
    assert line == Line("cap", -100, "transit.caps.0", facts, "transport")


def test_companions_are_outside_of_the_history() -> None:
    """A cap is the holder's: others on the card pay, and what they pay does not count."""
    tariff = city(caps=[DAY_CAP], companions={"classes": ["01"], "most": 5})
    rides = [Ride(1, ADULT, at(f"{hour:02}:00"), persons=2) for hour in (8, 9, 10, 11)]
    assert rated_prices(tariff, rides) == [400, 400, 300, 200]


def test_everything_at_once() -> None:
    """Each piece in its order, each from what the one before has left."""
    tariff = city(
        concessions=[{"classes": ["02"], "pays": "0.5"}],
        transfers=[{"minutes": 60, "less": "0.10"}],
        ride_counts=[{"name": "count", "period": "day", "after": 1, "pays": "0.5"}],
        caps=[{"name": "day", "period": "day", "most": "1.20"}],
    )
    histories: dict[str, History] = {}
    rides = [CardRide("card", ride, "") for ride in buses("08:00", "08:30", card_class=STUDENT)]
    _, rated = rate(tariff, rides, histories)
    found = [(line.what, line.minor) for line in rated.quote.lines]
    assert found == [("base", 200), ("concession", -100), ("transfer", -10), ("ride_count", -45), ("cap", -25)]
    assert (rated.quote.minor, rated.alone.quote.minor, rated.card_ride) == (20, 100, rides[1])


def test_a_line_without_concession_has_no_band() -> None:
    """A custom route is outside of every share of the full fare, but a cap is a cap."""
    lines = {"1": {"mode": "metro", "fare": {"flat": "4.00"}, "no_concession": True}}
    tariff = city(lines=lines, bands=[BANDS | {"steps": [{"above": "0", "pays": "0.5"}]}], caps=[DAY_CAP])
    assert rated_prices(tariff, buses("08:00")) == [400]


def test_late_ride() -> None:
    """A tap that comes in after later ones counts for its own day, is part of no chain and breaks none."""
    tariff = city(transfers=[FREE], caps=[DAY_CAP])
    history = History()
    rated_prices(tariff, [*buses("08:00", "12:00"), *buses("08:00", day=3)], history)
    assert rated_prices(tariff, [Ride(9, ADULT, at("08:10"))], history) == [100], "1.00 was left of the cap of its day"
    assert history.chain == Chain(Anchor(1, at("08:00", 3)), Anchor(1, at("08:00", 3)))
    assert rated_prices(tariff, [Ride(9, ADULT, at("08:20", 3))], history) == [0]


@pytest.mark.parametrize(
    ("ride", "refusal"),
    [(Ride(1, ADULT, at("08:00"), persons=2), EventInvalid), (Ride(100, ADULT, at("08:00")), RuleMissing)],
)
def test_a_refused_ride_changes_nothing(ride: Ride, refusal: type[Exception]) -> None:
    """What cannot be priced is not half remembered."""
    tariff = city(transfers=[FREE], caps=[DAY_CAP])
    history = History()
    rated_prices(tariff, buses("08:00"), history)
    before = history.as_data()
    with pytest.raises(refusal):
        rate_ride(tariff, ride, history)
    assert history.as_data() == before


def test_devices_never_charge_less() -> None:
    """Whatever a device charges from the record, the final price is not above it."""
    tariff = city(transfers=[FREE | {"most_a_day": 2}], caps=[DAY_CAP])
    rides = buses("08:00", "08:10", "08:20", "08:30", "12:00")
    assert device_prices(tariff, *rides) == [200] * 5
    assert rated_prices(tariff, rides) == [200, 0, 0, 200, 100]
