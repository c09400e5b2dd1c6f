"""Tariffs, rides and stays for the test that holds device and server together: every kind of rule, its bounds more often than chance."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from citizencard.tariffs.parking import Stay
from citizencard.tariffs.transit.inspecting_order import concession_covers, transfer_covers
from citizencard.tariffs.transit.rides import Anchor, Ride

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
LINES = ("1", "2-5", "26", "255", "256", "1000-1003", "65535")
NUMBERS = (1, 2, 5, 26, 255, 256, 1000, 1003, 65_535, 77)  # 77 is not there
CLASSES = ("00", "01", "03", "7F", "FF")
MODES = ("bus", "metro")
OPERATORS = ("north", "south")
STOPS = (1, 2, 3, 7, 300, 65_535)
VEHICLES = ("small", "large")
DAY_S = 24 * 3600
SOURCE = {"page": "made up for a test", "grade": "A", "date": "2026"}

Draw = st.DrawFn
amounts = st.sampled_from(("0.00", "0.01", "0.05", "0.50", "1.99", "2.00", "3.33", "999.99")) | st.integers(
    0, 99_999
).map(lambda fen: f"{fen // 100}.{fen % 100:02}")
shares = st.sampled_from(("0", "1", "0.5", "0.95", "2/3", "1/7", "999998/999999", "0.333333"))
clocks = st.sampled_from(("00:00", "06:00", "07:00", "21:00", "23:59"))
dates = st.lists(st.sampled_from(("2026-01-01", "2026-02-28", "2026-05-01", "9999-12-31")), min_size=1, unique=True)


def some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, unique=True)


def often(draw: Draw, parts: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """Each part is there or not."""
    return {name: draw(part) for name, part in parts.items() if draw(st.booleans())}


def seldom(draw: Draw, parts: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """Each part is there once in five times."""
    return {name: draw(part) for name, part in parts.items() if draw(st.sampled_from((False,) * 4 + (True,)))}


@st.composite
def whens(draw: Draw) -> dict[str, Any]:
    hours = st.tuples(clocks, clocks | st.just("24:00")).filter(lambda pair: pair[0] != pair[1])
    days_of_year = st.sampled_from(("01-01", "02-29", "06-01", "12-31"))
    parts = {
        "hours": hours.map(lambda pair: {"from": pair[0], "until": pair[1]}),
        "days": some(("mon", "thu", "sat", "sun")),
        "season": st.fixed_dictionaries({"from": days_of_year, "until": days_of_year}),
        "dates": dates,
        "except_dates": dates,
    }
    return often(draw, parts) or {"days": ["fri"]}


def steps_of(draw: Draw, unit: str, sizes: tuple[str, ...] | tuple[int, ...]) -> dict[str, Any]:
    """A price that grows: up to two bands after the first."""
    number: Callable[[int], Any] = str if unit == "km" else int
    size = st.sampled_from(sizes)
    first, then = draw(st.integers(1, 6)), []
    limit = first
    for last in (False, True)[: draw(st.integers(0, 2))]:
        band: dict[str, Any] = {f"each_{unit}": draw(size), "adds": draw(amounts)}
        limit += draw(st.integers(1, 9))
        then.append(band if last else {f"up_to_{unit}": number(limit), **band})
    if then:
        then[-1].pop(f"up_to_{unit}", None)
    return {f"first_{unit}": number(first), "first": draw(amounts), **({"then": then} if then else {})}


@st.composite
def fares(draw: Draw) -> dict[str, Any]:
    kind = draw(st.sampled_from(("flat", "flat", "sections", "between", "distance", "time")))
    fare: dict[str, Any] = {}
    if kind == "flat":
        fare["flat"] = draw(amounts)
    elif kind == "sections":
        prices = draw(st.lists(amounts, min_size=1, max_size=3))
        fare["sections"] = {"stops": [[1, 2], [3], [7, 300]], "prices": prices}
    elif kind == "between":
        one_way = draw(st.booleans())
        fare["between"] = [
            {"from": 1, "to": 2, "price": draw(amounts), "one_way": one_way},
            {"from": 3, "to": 65_535, "price": draw(amounts)},
        ]
    elif kind == "distance":
        fare["distance"] = steps_of(draw, "km", ("0.5", "1", "2.5", "0.333333"))
    else:
        fare["time"] = steps_of(draw, "minutes", (1, 2, 7))
    if kind in ("sections", "distance", "time"):
        # At most the first price and something: a ceiling at, between and beyond the steps.
        first = fare[kind]["prices"][0] if kind == "sections" else fare[kind]["first"]
        most = st.integers(0, 3_000).map(lambda more: int(Fraction(first) * 100) + more)
        fare |= seldom(draw, {"most": most.map(lambda fen: f"{fen // 100}.{fen % 100:02}")})
    if kind != "flat":
        fare |= {"top": draw(amounts)} if draw(st.sampled_from((True, True, True, False))) else {}
        fare |= often(draw, {"overtime_minutes": st.sampled_from((1, 60, 120))}) if "top" in fare else {}
    return fare


def reduction(draw: Draw) -> dict[str, Any]:
    kind = draw(st.sampled_from(("pays", "less", "costs")))
    return {kind: draw(shares if kind == "pays" else amounts)}


def legs(draw: Draw) -> dict[str, Any]:
    return seldom(draw, {"modes": some(MODES), "operators": some(OPERATORS), "lines": some(LINES)})


@st.composite
def concessions(draw: Draw) -> dict[str, Any]:
    parts = {"classes": some(CLASSES), "when": whens(), "sponsor": st.just("transport_bureau")}
    return {**legs(draw), **seldom(draw, parts), **reduction(draw)}


@st.composite
def transfers(draw: Draw) -> dict[str, Any]:
    minutes = st.sampled_from((1, 30, 90, 1440))
    rarely = seldom(draw, {"classes": some(CLASSES), "when": whens()})
    parts: dict[str, st.SearchStrategy[Any]] = {
        "minutes_when": st.lists(st.fixed_dictionaries({"when": whens(), "minutes": minutes}), min_size=1, max_size=2),
        "last_second_counts": st.booleans(),
        "counts_from": st.sampled_from(("previous", "first")),
        "same_line": st.booleans(),
        "order": st.sampled_from(("reduce_then_discount", "discount_then_reduce")),
    }
    limits = draw(st.sampled_from(({}, {}, {"most_in_a_row": 1}, {"most_in_a_row": 3}, {"most_a_day": 4})))
    ends = {name: leg for name in ("from", "to") if (leg := legs(draw))}
    return {"minutes": draw(minutes), **ends, **rarely, **often(draw, parts), **limits, **reduction(draw)}


@st.composite
def lines(draw: Draw) -> dict[str, Any]:
    parts = {
        "operator": st.sampled_from(OPERATORS),
        "fares_when": st.lists(st.fixed_dictionaries({"when": whens(), "fare": fares()}), min_size=1, max_size=2),
    }
    flags = seldom(draw, {"no_concession": st.just(True), "no_transfer": st.just(True)})
    return {"mode": draw(st.sampled_from(MODES)), "fare": draw(fares()), **seldom(draw, parts), **flags}


def used(rules: list[dict[str, Any]], covers: Callable[[Any, Any], bool]) -> list[dict[str, Any]]:
    """The rules of a list that can be the first that fits: a document may have no others."""

    def can_be(rule: dict[str, Any], before: Sequence[dict[str, Any]]) -> bool:
        return not any(covers(one, rule) for one in before)

    return [rule for index, rule in enumerate(rules) if can_be(rule, rules[:index])]


@st.composite
def documents(draw: Draw) -> dict[str, Any]:
    """A tariff of rides. Every mode and operator has a line, so that whatever a rule names is there."""
    point = st.sampled_from(("entry", "exit"))
    mode = st.fixed_dictionaries({"window_starts_at": point, "window_ends_at": point})
    found = {number: draw(lines()) for number in LINES}
    found["1"] |= {"mode": "bus", "operator": "north"}
    found["26"] |= {"mode": "metro", "operator": "south"}
    how = st.sampled_from(("half_up", "half_even", "up", "down"))
    rounding = st.fixed_dictionaries({"to": st.sampled_from(("0.01", "0.05", "0.10", "1.00")), "how": how})
    companions = {"classes": list(CLASSES[:2]), "most": draw(st.integers(1, 3)), "pays": draw(shares)}
    parts = {
        "rounding": rounding,
        "companions": st.just(companions),
        "caps": st.just([{"name": "day", "period": "day", "most": "9.00", "classes": ["01"]}]),
        "ride_counts": st.just([{"name": "many", "period": "year", "after": 1200, "modes": ["bus"]}]),
    }
    return {
        "format": 2,
        "name": "generated",
        "version": draw(st.integers(1, 2**32 - 1)),
        "effective_from": BEGINNING.isoformat(),
        "currency": "CNY",
        "utc_offset": draw(st.sampled_from(("+08:00", "-03:30", "+14:00"))),
        "source": SOURCE,
        "transit": {
            "classes": {byte: {"name": f"class_{byte}"} for byte in CLASSES},
            "modes": {name: draw(mode) for name in MODES},
            "lines": found,
            "concessions": used(draw(st.lists(concessions(), max_size=3)), concession_covers),
            "transfers": used([draw(transfers()) for _ in range(draw(st.sampled_from((0, 1, 2, 3))))], transfer_covers),
            **often(draw, parts),
        },
    }


@st.composite
def rides(draw: Draw) -> Ride:
    """A ride whose anchor lies at, just inside and just outside the windows."""
    at = BEGINNING + timedelta(seconds=draw(st.integers(0, 400 * DAY_S)) if draw(st.booleans()) else 8 * 3600)
    lasted_s = draw(st.sampled_from((0, 1, 59, 60, 61, 3600, 3601, 7200, 7201)) | st.integers(0, 9000))
    exit_at = draw(st.none() | st.just(at + timedelta(seconds=lasted_s)))
    age_s = draw(
        st.sampled_from([-1, 0, 1, 30, *(minutes * 60 + past for minutes in (1, 30, 90, 1440) for past in (-1, 0, 1))])
    )
    point = exit_at if exit_at is not None and draw(st.booleans()) else at
    anchor = Anchor(draw(st.sampled_from(NUMBERS)), point - timedelta(seconds=age_s))
    stop = st.sampled_from((None, *STOPS, 1, 2))
    number = st.sampled_from(NUMBERS[:-1]) if draw(st.sampled_from((True,) * 9 + (False,))) else st.just(NUMBERS[-1])
    return Ride(
        line=draw(number),
        card_class=int(draw(st.sampled_from((*CLASSES, *CLASSES, "55"))), 16),
        at=at,
        anchor=draw(st.sampled_from((None, anchor, anchor, anchor))),
        exit_at=exit_at,
        km=draw(
            st.none()
            | st.integers(0, 40_000_000).map(lambda mm: Fraction(mm, 10**6))
            | st.integers(0, 20).map(Fraction)
        ),
        from_stop=draw(stop),
        to_stop=draw(stop),
        persons=draw(st.sampled_from((1, 1, 1, 1, 1, 2, 4))),
    )


@st.composite
def charges(draw: Draw) -> dict[str, Any]:
    kind = draw(st.sampled_from(("steps", "steps", "a_visit", "a_period")))
    charge: dict[str, Any] = often(draw, {"when": whens(), "vehicles": some(VEHICLES)})
    if kind != "steps":
        return {kind: draw(amounts), **charge}
    each = st.sampled_from((15, 20, 30))
    first = {"up_to_minutes": 60, "each_minutes": draw(each), "price": draw(amounts)}
    last = {"each_minutes": draw(st.sampled_from((7, 15, 60, 1440))), "price": draw(amounts)}
    parts: dict[str, st.SearchStrategy[Any]] = {
        "part_of_step": st.sampled_from(("counts", "free", "by_minute")),
        "long_stay": st.fixed_dictionaries({"after_minutes": st.sampled_from((120, 600)), "price": amounts}),
        "most_a_period": st.sampled_from(("1000.00", "1200.00")),
    }
    return {"steps": [first, last] if draw(st.booleans()) else [last], **charge, **often(draw, parts)}


@st.composite
def lots(draw: Draw) -> dict[str, Any]:
    """A rule of a lot; some of what is drawn makes no sense together, and is left out by the test."""
    period = draw(st.sampled_from(("24_hours", "calendar_day", "stay")))
    free: dict[str, Any] = {"minutes": draw(st.sampled_from((0, 15, 30, 90, 1500)))}
    free |= often(draw, {"longer_stays": st.sampled_from(("charged_from_entry", "charged_after"))})
    parts: dict[str, st.SearchStrategy[Any]] = {"most_a_period": amounts}
    if period != "stay":
        free |= often(draw, {"again": st.sampled_from(("never", "every_period"))})
        parts |= {
            "next_period": st.sampled_from(("restarts", "continues")),
            "free_period_every": st.sampled_from((2, 7)),
        }
    parts["rounding"] = st.sampled_from(({"to": "0.10", "how": "down"}, {"to": "0.50", "how": "half_even"}))
    parts["permits"] = st.just({"month": {"period": "month", "price": "150.00"}})
    found = [*draw(st.lists(charges(), max_size=2)), {"a_visit": draw(amounts)}, {"a_period": draw(amounts)}]
    kept = found[: draw(st.integers(1, 3))] if len(found) > 2 else found[:1]
    return {
        "title": "a lot",
        "vehicles": list(VEHICLES),
        "free": free,
        "period": period,
        "charges": kept,
        **often(draw, parts),
    }


@st.composite
def stays(draw: Draw) -> Stay:
    began = BEGINNING + timedelta(seconds=draw(st.integers(0, 400 * DAY_S)))
    short = st.sampled_from(
        [minutes * 60 + past for minutes in (0, 15, 30, 60, 61, 90, 1440, 1470) for past in (-1, 0, 59)]
    )
    lasted_s = draw(short.map(lambda seconds: max(0, seconds)) | st.integers(0, 10 * DAY_S))
    return Stay(began, began + timedelta(seconds=lasted_s), draw(st.sampled_from((None, *VEHICLES))))
