"""What holds for every tariff of rides and every way to ride."""

import json
from copy import deepcopy
from datetime import timedelta
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citizencard.tariffs.document import Tariff, check
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.transit.history import CardRide, rate, rate_ride
from citizencard.tariffs.transit.pricing import Anchor, Ride, price
from citizencard.tariffs.transit.states import History
from tests.citizencard.tariffs.transit.make_rides import at, document, unchecked

CARDS: Final = ("a", "b", "c")
MINUTE: Final = timedelta(minutes=1)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

amounts = st.integers(0, 600).map(lambda minor: f"{minor // 100}.{minor % 100:02}")
shares = st.integers(0, 100).map(lambda percent: f"{percent // 100}.{percent % 100:02}")
periods = st.sampled_from(["day", "week", "month", "year"])
reductions = st.one_of(
    st.fixed_dictionaries({"pays": shares}),
    st.fixed_dictionaries({"less": amounts}),
    st.fixed_dictionaries({"costs": amounts}),
)
scopes = st.fixed_dictionaries(
    {},
    optional={
        "classes": st.sampled_from([["01"], ["02"], ["01", "02"]]),
        "modes": st.sampled_from([["bus"], ["metro"]]),
        "lines": st.sampled_from([["1"], ["2-3"], ["1-9"]]),
    },
)
hours = st.sampled_from([{}, {"when": {"hours": {"from": "07:00", "until": "09:00"}}}, {"when": {"days": ["mon"]}}])


@st.composite
def merged(draw: st.DrawFn, *parts: st.SearchStrategy[Any]) -> dict[str, Any]:
    """The fields of several objects in one."""
    fields: dict[str, Any] = {}
    for part in parts:
        fields |= draw(part)
    return fields


transfers = merged(
    reductions,
    hours,
    st.fixed_dictionaries(
        {"minutes": st.integers(1, 90), "order": st.sampled_from(["reduce_then_discount", "discount_then_reduce"])},
        optional={
            "classes": st.just(["01"]),
            "from": st.just({"modes": ["bus"]}),
            "to": st.just({"lines": ["2-9"]}),
            "last_second_counts": st.booleans(),
            "counts_from": st.sampled_from(["previous", "first"]),
            "same_line": st.booleans(),
            "most_in_a_row": st.integers(1, 3),
            "most_a_day": st.integers(1, 3),
        },
    ),
)


def named(kind: str, *parts: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rules with names of their own."""
    return st.lists(merged(*parts), max_size=most).map(
        lambda rules: [rule | {"name": f"{kind}-{index}"} for index, rule in enumerate(rules)]
    )


@st.composite
def tariffs(draw: st.DrawFn) -> dict[str, Any]:
    """Any tariff of a small city."""
    steps = st.lists(st.tuples(st.integers(0, 20), shares), min_size=1, max_size=3, unique_by=lambda step: step[0]).map(
        lambda found: [{"above": f"{above}.00", "pays": pays} for above, pays in sorted(found)]
    )
    period = st.fixed_dictionaries({"period": periods})
    fares = {str(line): {"mode": "bus", "fare": {"flat": draw(amounts)}} for line in (1, 2)}
    rules: dict[str, Any] = {
        "day_starts": draw(st.sampled_from(["00:00", "04:30"])),
        "rounding": draw(st.sampled_from([{"to": "0.01", "how": "half_up"}, {"to": "0.10", "how": "up"}])),
        "classes": {"01": {"name": "adult"}, "02": {"name": "student"}},
        "modes": {"bus": {}, "metro": {"window_starts_at": "exit"}},
        "lines": {**fares, "3": {"mode": "metro", "fare": {"flat": draw(amounts)}}},
        "concessions": draw(st.lists(merged(scopes, hours, reductions), max_size=3)),
        "transfers": draw(st.lists(transfers, max_size=2)),
        "bands": draw(
            named("b", scopes, period, st.fixed_dictionaries({"of": st.sampled_from(["paid", "full"]), "steps": steps}))
        ),
        "ride_counts": draw(
            named("r", scopes, period, st.fixed_dictionaries({"after": st.integers(1, 4), "pays": shares}))
        ),
        "caps": draw(named("c", scopes, period, st.fixed_dictionaries({"most": amounts}))),
    }
    return document(**rules)


@st.composite
def journeys(draw: st.DrawFn) -> list[CardRide]:
    """Rides of some cards, in the order of time; each card carries from ride to ride what it may."""
    rides, clock = [], at("03:00")
    for number in range(draw(st.integers(1, 12))):
        clock += draw(st.integers(0, 300)) * MINUTE
        line = draw(st.integers(1, 3))
        exit_at = clock + draw(st.integers(0, 60)) * MINUTE if line == 3 else None
        anchor = draw(
            st.none() | st.builds(Anchor, st.integers(1, 4), st.just(clock - draw(st.integers(-5, 90)) * MINUTE))
        )
        ride = Ride(line, draw(st.integers(1, 2)), clock, anchor, exit_at)
        rides.append(CardRide(draw(st.sampled_from(CARDS)), ride, str(number)))
    return rides


def quotes(tariff: Tariff, rides: list[CardRide], histories: dict[str, History] | None = None) -> dict[str, Quote]:
    return {one.card_ride.id: one.quote for one in rate(tariff, rides, {} if histories is None else histories)}


def assert_adds_up(quote: Quote) -> None:
    assert quote.minor == sum(line.minor for line in quote.lines) >= 0
    assert all(line.minor for line in quote.lines[1:])


@few
@given(tariffs(), journeys())
def test_prices_add_up_and_history_only_helps(entry: dict[str, Any], rides: list[CardRide]) -> None:
    """Nobody pays less than nothing, nor more than what a device would charge, and the pieces are the price."""
    assert [fault for fault in check(entry) if "is never used" not in fault.message] == []
    for rated in rate(unchecked(entry), rides, {}):
        assert_adds_up(rated.quote)
        assert_adds_up(rated.alone.quote)
        assert 0 <= rated.quote.minor <= rated.alone.quote.minor <= rated.alone.base


@few
@given(tariffs(), journeys(), st.integers(0, 12), st.randoms(use_true_random=False))
def test_rating_again(entry: dict[str, Any], rides: list[CardRide], cut: int, random: Any) -> None:
    """A day that is rated again, or stored and continued, or with its cards mixed otherwise, costs the same."""
    tariff = unchecked(entry)
    once = quotes(tariff, rides)
    assert quotes(unchecked(entry), rides) == once
    by_card = [[ride for ride in rides if ride.card == card] for card in CARDS]
    mixed: list[CardRide] = []
    while any(by_card):
        mixed.append(random.choice([waiting for waiting in by_card if waiting]).pop(0))
    assert quotes(tariff, mixed) == once
    histories: dict[str, History] = {}
    before = quotes(tariff, rides[:cut], histories)
    stored = json.loads(json.dumps({card: history.as_data() for card, history in histories.items()}))
    assert before | quotes(tariff, rides[cut:], {card: History.of_data(data) for card, data in stored.items()}) == once


@few
@given(tariffs(), journeys(), st.sampled_from(["day", "week", "month", "year"]), st.integers(0, 900))
def test_capped(entry: dict[str, Any], rides: list[CardRide], period: str, most: int) -> None:
    """All rides of a card in a period cost at most the cap of that period."""
    entry["transit"]["caps"].append({"name": "all", "period": period, "most": f"{most // 100}.{most % 100:02}"})
    entry["transit"]["day_starts"] = "00:00"
    paid: dict[tuple[str, str], int] = {}
    for rated in rate(unchecked(entry), rides, {}):
        day = rated.card_ride.ride.at.date()
        week = day - timedelta(days=day.weekday())
        first = {"day": day, "week": week, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[period]
        key = rated.card_ride.card, first.isoformat()
        paid[key] = paid.get(key, 0) + rated.quote.minor
    assert max(paid.values()) <= most


@few
@given(tariffs(), journeys(), st.tuples(amounts, amounts))
def test_monotone_in_the_base_fare(entry: dict[str, Any], rides: list[CardRide], fares: tuple[str, str]) -> None:
    """A dearer line never costs less: from the record alone, and with the same history."""
    cheap, dear = (deepcopy(entry) for _ in fares)
    for changed, fare in zip((cheap, dear), sorted(fares), strict=True):
        changed["transit"]["lines"]["1"]["fare"]["flat"] = fare
    low, high, histories = unchecked(cheap), unchecked(dear), {card: History() for card in CARDS}
    for card_ride in rides:
        stored = histories[card_ride.card].as_data()
        less, more = (rate_ride(tariff, card_ride.ride, History.of_data(stored)) for tariff in (low, high))
        assert less[0].minor <= more[0].minor
        assert less[1].quote.minor <= more[1].quote.minor
        rate_ride(low, card_ride.ride, histories[card_ride.card])


@few
@given(tariffs(), journeys())
def test_sponsors_pay_what_is_taken_off(entry: dict[str, Any], rides: list[CardRide]) -> None:
    """What sponsors owe for a ride is what their rules took off, so full fare = passenger + sponsors."""
    for kind in ("concessions", "transfers", "bands", "ride_counts", "caps"):
        for rule in entry["transit"][kind]:
            rule["sponsor"] = kind
    tariff = unchecked(entry)
    for rated in rate(tariff, rides, {}):
        assert rated.quote.minor + sum(rated.quote.sponsored().values()) == rated.alone.base
        alone = price(tariff, rated.card_ride.ride).quote
        assert alone.minor + sum(alone.sponsored().values()) == rated.alone.base
