"""The full fare of a ride: flat, by sections, between stops, by distance, by time in the system; and every fare that a line can have."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Final, NamedTuple

from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.quotes import Line
from citizencard.tariffs.settling import number
from citizencard.tariffs.transit.model import Fare, Steps
from citizencard.tariffs.transit.rides import Ride, check_time

MAX_KM: Final = 1000
"""No ride in a city is longer."""
MAX_MINUTES: Final = 7 * 24 * 60
"""No ride lasts longer; it is the longest that a tariff can name, too."""
MIN_STEP_KM: Final = Fraction(1, 10)
"""Shortest step of a distance fare; with it, a fare has at most 10,000 prices in a band."""
CLAIMED: Final = "claimed"
"""How a base fare came about that only the record of a ride names."""
_MINUTE: Final = timedelta(minutes=1)


class FullFare(NamedTuple):
    """The full fare of a ride.

    Args:
        minor: in minor units.
        line: the piece of the explanation.
        constant: the same words for every ride at this fare, so that an explanation can be kept.
    """

    minor: int
    line: Line
    constant: bool = False


def full_fare(fare: Fare, ride: Ride) -> FullFare:
    """What the ride costs before anything is taken off.

    Raises:
        RuleMissing: the fare has no price for these stops, this length, or a ride without exit.
        EventInvalid: the ride ends before it begins, is too long, or claims a fare that the line does not have.
    """
    spent = in_system(ride)
    if fare.overtime_minutes is not None and spent is not None and spent > fare.overtime_minutes * _MINUTE:
        return _top(fare, ride, "overtime")
    if fare.flat is not None:
        return FullFare(
            fare.flat, Line("base", fare.flat, fare.place, {"line": ride.line, "by": "flat"}), constant=True
        )
    found = _measured(fare, ride, spent)
    if found is not None:
        minor, facts = found
        return FullFare(minor, Line("base", minor, fare.place, {"line": ride.line, **facts}))
    if ride.claimed_base is None:
        return _top(fare, ride, "no_exit")
    if ride.claimed_base not in possible_fares(fare):
        raise EventInvalid(
            f"line {ride.line} has no fare of {ride.claimed_base}", field="claimed_base", reason="no fare of the line"
        )
    line = Line("base", ride.claimed_base, fare.place, {"line": ride.line, "by": CLAIMED})
    return FullFare(ride.claimed_base, line)


def in_system(ride: Ride) -> timedelta | None:
    """How long the ride lasted; None without an exit.

    Raises:
        EventInvalid: it ended before it began, or lasted longer than any ride.
    """
    if ride.exit_at is None:
        return None
    check_time(ride.exit_at, "exit_at")
    spent = ride.exit_at - ride.at
    if not timedelta(0) <= spent <= MAX_MINUTES * _MINUTE:
        raise EventInvalid(
            f"a ride ends after it began, within {MAX_MINUTES} minutes", field="exit_at", reason="not in that time"
        )
    return spent


def possible_fares(fare: Fare) -> frozenset[int]:
    """Every full fare, in minor units, that rides at this fare can have. At most 20 bands of 10,080 steps, and 20,000 pairs of stops."""
    if not fare.possible:
        fare.possible.append(_possible_fares(fare))
    return fare.possible[0]


def _possible_fares(fare: Fare) -> frozenset[int]:
    fares = set(fare.section_prices)
    if fare.flat is not None:
        fares.add(fare.flat)
    if fare.between is not None:
        fares.update(fare.between.values())
    if fare.distance is not None:
        fares.update(_prices(fare.distance, Fraction(MAX_KM)))
    if fare.time is not None:
        fares.update(_prices(fare.time, Fraction(MAX_MINUTES)))
    if fare.top is not None:
        fares.add(fare.top)
    return frozenset(fares)


def _top(fare: Fare, ride: Ride, why: str) -> FullFare:
    if fare.top is None:
        raise RuleMissing(
            f"{fare.place} has no price for a ride without its stops, km or exit (top)", place=f"{fare.place}.top"
        )
    return FullFare(fare.top, Line("base", fare.top, fare.place, {"line": ride.line, "by": why}))


def _measured(fare: Fare, ride: Ride, spent: timedelta | None) -> tuple[int, Mapping[str, int | str]] | None:
    """Price and facts by what is known about the ride; None when what the fare needs is not known."""
    if fare.distance is not None:
        return None if ride.km is None else _by_distance(fare, fare.distance, ride.km)
    if fare.time is not None:
        return None if spent is None else _by_time(fare, fare.time, spent)
    if ride.from_stop is None or ride.to_stop is None:
        return None
    if fare.between is not None:
        return _between(fare, fare.between, (ride.from_stop, ride.to_stop))
    return _by_sections(fare, fare.section_of or {}, (ride.from_stop, ride.to_stop))


def _by_distance(fare: Fare, steps: Steps, km: Fraction) -> tuple[int, Mapping[str, int | str]]:
    if not 0 <= km <= MAX_KM:
        raise EventInvalid(f"a ride has 0 to {MAX_KM} km", field="km", reason="not in that range")
    return _stepped(steps, km, f"{fare.place}.distance.then"), {"by": "distance", "km": number(km)}


def _by_time(fare: Fare, steps: Steps, spent: timedelta) -> tuple[int, Mapping[str, int | str]]:
    exact = Fraction(spent // timedelta(microseconds=1), 60 * 10**6)
    return _stepped(steps, exact, f"{fare.place}.time.then"), {"by": "time", "minutes": -(-spent // _MINUTE)}


def _between(
    fare: Fare, prices: Mapping[tuple[int, int], int], stops: tuple[int, int]
) -> tuple[int, Mapping[str, int | str]]:
    from_stop, to_stop = stops
    if stops not in prices:
        raise RuleMissing(
            f"{fare.place} has no price from stop {from_stop} to stop {to_stop}", place=f"{fare.place}.between"
        )
    return prices[stops], {"by": "between", "from_stop": from_stop, "to_stop": to_stop}


def _by_sections(
    fare: Fare, section_of: Mapping[int, int], stops: tuple[int, int]
) -> tuple[int, Mapping[str, int | str]]:
    for stop in stops:
        if stop not in section_of:
            raise RuleMissing(f"{fare.place} has no section with stop {stop}", place=f"{fare.place}.sections.stops")
    from_stop, to_stop = stops
    touched = abs(section_of[from_stop] - section_of[to_stop]) + 1
    price = fare.section_prices[min(touched, len(fare.section_prices)) - 1]
    return price, {"by": "sections", "from_stop": from_stop, "to_stop": to_stop, "sections": touched}


def _stepped(steps: Steps, measure: Fraction, place: str) -> int:
    """First price, then every step begun: a part of a step counts as a whole.

    Raises:
        RuleMissing: the ride is longer than the first price reaches, and there are no steps.
    """
    price, reached = steps.first, steps.first_up_to
    for up_to, each, adds in steps.then:
        if measure <= reached:
            return price
        end = measure if up_to is None else min(measure, up_to)
        price += -(-(end - reached) // each) * adds
        reached = end
    if measure > reached:
        raise RuleMissing(f"{place} has no steps for what goes beyond {number(reached)}", place=place)
    return price


def _prices(steps: Steps, longest: Fraction) -> Iterator[int]:
    """Every price on the way to the longest ride."""
    price, reached = steps.first, steps.first_up_to
    yield price
    for up_to, each, adds in steps.then:
        end = longest if up_to is None else min(longest, up_to)
        begun = max(0, -(-(end - reached) // each))
        yield from (price + number_of * adds for number_of in range(1, begun + 1))
        price += begun * adds
        reached = max(reached, end)
