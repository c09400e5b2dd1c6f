"""A stay cut into its periods, and equal periods counted, so that a stay of years is priced as fast as one of days."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from citizencard.tariffs.parking_hours import ChargedHours, periods
from citizencard.tariffs.parking_rules import Charge, Free, ParkingRule
from citizencard.tariffs.when import When

MINUTE_S: Final = 60


class Period(NamedTuple):
    """What the price of a period depends on.

    Args:
        minutes: that each charge covers.
        before: position from which the steps of each charge go on, in charged minutes; 0 where they begin anew.
        visits: charges whose price for the visit falls into it.
    """

    minutes: tuple[int, ...]
    before: tuple[int, ...]
    visits: frozenset[int]


class Cutting(NamedTuple):
    """What is cut up.

    Args:
        rule: the lot's.
        charges: of it, those of the vehicle.
        permit: when the stay's permit covers it; comes before all charges.
        has_permit: whether there is one.
        began_s, ended_s: of the stay, in wall seconds.
    """

    rule: ParkingRule
    charges: tuple[Charge, ...]
    permit: When | None
    has_permit: bool
    began_s: int
    ended_s: int

    @property
    def minutes(self) -> int:
        """Whole minutes of the stay."""
        return (self.ended_s - self.began_s) // MINUTE_S


@dataclass(slots=True)
class Cut:
    """A stay cut up: how often each kind of period occurs, and minutes that no charge gets."""

    kinds: Counter[Period] = field(default_factory=Counter)
    free_minutes: int = 0
    permit_minutes: int = 0
    free_periods: int = 0
    free_period_minutes: int = 0

    @property
    def charged_minutes(self) -> int:
        """Of all charges."""
        return sum(sum(kind.minutes) * count for kind, count in self.kinds.items())


def cut_up(stay: Cutting, free: Free) -> Cut:
    """Cut a stay up, with these free minutes. Bounded by the stay's days."""
    rule, cut = stay.rule, Cut()
    permit = (stay.permit,) if stay.has_permit else ()
    hours = ChargedHours((*permit, *(charge.when for charge in stay.charges)))
    before = (0,) * len(stay.charges)
    visited: frozenset[int] = frozenset()
    for number, (from_s, until_s) in enumerate(periods(rule.period, stay.began_s, stay.ended_s), 1):
        if rule.free_period_every is not None and number % rule.free_period_every == 0:
            cut.free_periods += 1
            cut.free_period_minutes += (until_s - from_s) // MINUTE_S
            continue
        charged_from_s = _charged_from(free, stay.began_s, from_s, until_s)
        cut.free_minutes += (charged_from_s - from_s) // MINUTE_S
        minutes = tuple([seconds // MINUTE_S for seconds in hours.covered_s(charged_from_s, until_s)])
        if stay.has_permit:
            cut.permit_minutes += minutes[0]
            minutes = minutes[1:]
        visits = _visits(stay.charges, minutes) - visited
        visited |= visits
        cut.kinds[Period(minutes, before, visits)] += 1
        if rule.steps_continue:
            stands = zip(stay.charges, before, minutes, strict=True)
            before = tuple([_position(charge, one + more) for charge, one, more in stands])
    return cut


def _charged_from(free: Free, began_s: int, from_s: int, until_s: int) -> int:
    """From which wall second on a period is charged; its end when it is free altogether."""
    free_s = free.minutes * MINUTE_S
    if free.every_period:
        if (until_s - from_s) // MINUTE_S <= free.minutes:
            return until_s
        return from_s + free_s if free.charged_after else from_s
    return min(until_s, max(from_s, began_s + free_s)) if free.charged_after else from_s


def _position(charge: Charge, minutes: int) -> int:
    """The least position from which the steps of a charge go on as they do from this one: the last step repeats itself for ever."""
    if not charge.steps:
        return 0
    start_of_last = 0 if len(charge.steps) == 1 else charge.steps[-2].up_to_minutes or 0
    into_last = minutes - start_of_last
    return minutes if into_last < 0 else start_of_last + into_last % charge.steps[-1].each_minutes


def _visits(charges: tuple[Charge, ...], minutes: tuple[int, ...]) -> frozenset[int]:
    return frozenset(index for index, charge in enumerate(charges) if charge.a_visit is not None and minutes[index])
