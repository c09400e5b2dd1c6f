"""The full fare of a ride, before anything is taken off."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hardware.terminal.errors import RideNotPriced
from hardware.terminal.fares_rules import Between, ByDistance, ByTime, FareRule, Flat, LineRule, Sections, Steps

MAX_DISTANCE_MM: Final = 1_000 * 10**6
MAX_STAY: Final = timedelta(days=7)
"""No ride in a city is longer."""
_SECOND_US: Final = 10**6
_MICROSECOND: Final = timedelta(microseconds=1)
_NO_EXIT: Final = "no price for a ride without exit"


@dataclass(frozen=True, slots=True)
class Journey:
    """What is known about the way.

    Args:
        line: number, for refusals.
        lasted: from entry to exit; None without an exit.
        distance_mm: its length. stops: from and to. None: not known.
    """

    line: int
    lasted: timedelta | None
    distance_mm: int | None
    stops: tuple[int, int] | None


def base_fare(rule: LineRule, wall: datetime, journey: Journey) -> int:
    """The full fare in fen.

    Args:
        rule: of the line.
        wall: time of the entry on the table's wall clock.
        journey: what is known about the way.

    Raises:
        RideNotPriced: the fare has no price for this way, or the way cannot be so.
    """
    fare = next((other for when, other in rule.fares_when if when.holds(wall)), rule.fare)
    lasted = journey.lasted
    if lasted is not None and not timedelta(0) <= lasted <= MAX_STAY:
        raise RideNotPriced(journey.line, f"the exit lies {lasted} after the entry")
    if fare.overtime_s is not None and lasted is not None and lasted > timedelta(seconds=fare.overtime_s):
        return _top(fare, journey, "no price for a ride that took too long")
    measured = _measured(fare, journey)
    return _top(fare, journey, _NO_EXIT) if measured is None else measured


def _top(fare: FareRule, journey: Journey, reason: str) -> int:
    if fare.top_fen is None:
        raise RideNotPriced(journey.line, reason)
    return fare.top_fen


def _measured(fare: FareRule, journey: Journey) -> int | None:
    """The price by what is known; None when what the fare needs is not known."""
    by = fare.by
    if isinstance(by, Flat):
        return by.fen
    if isinstance(by, ByDistance):
        return None if journey.distance_mm is None else _by_distance(by.steps, journey.distance_mm, journey.line)
    if isinstance(by, ByTime):
        return None if journey.lasted is None else _by_time(by.steps, journey.lasted, journey.line)
    if journey.stops is None:
        return None
    return _between(by, journey.stops, journey.line) if isinstance(by, Between) else _sections(by, journey)


def _by_distance(steps: Steps, distance_mm: int, line: int) -> int:
    if not 0 <= distance_mm <= MAX_DISTANCE_MM:
        raise RideNotPriced(line, f"{distance_mm} mm is no ride")
    return _stepped(steps, distance_mm, 1, line)


def _by_time(steps: Steps, lasted: timedelta, line: int) -> int:
    return _stepped(steps, lasted // _MICROSECOND, _SECOND_US, line)


def _stepped(steps: Steps, measure: int, unit: int, line: int) -> int:
    """First price, then every step begun; the steps are in units, the measure in unit-ths of one."""
    fen, reached = steps.first_fen, steps.first_up_to * unit
    for up_to, each, adds_fen in steps.bands:
        if measure <= reached:
            return fen
        end = measure if up_to is None else min(measure, up_to * unit)
        fen += -(-(end - reached) // (each * unit)) * adds_fen
        reached = end
    if measure > reached:
        raise RideNotPriced(line, "no price for a ride of this length")
    return fen


def _between(by: Between, stops: tuple[int, int], line: int) -> int:
    if stops not in by.fen:
        raise RideNotPriced(line, f"no price from stop {stops[0]} to stop {stops[1]}")
    return by.fen[stops]


def _sections(by: Sections, journey: Journey) -> int:
    stops = journey.stops or (0, 0)
    for stop in stops:
        if stop not in by.section_of:
            raise RideNotPriced(journey.line, f"no section with stop {stop}")
    touched = abs(by.section_of[stops[0]] - by.section_of[stops[1]]) + 1
    return by.fen[min(touched, len(by.fen)) - 1]
