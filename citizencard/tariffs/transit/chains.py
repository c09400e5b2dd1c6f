"""Transfers: whether a ride follows another closely enough, and what its card carries on."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

from citizencard.tariffs.transit.model import Line, Transfer
from citizencard.tariffs.transit.plans import Plan, covers
from citizencard.tariffs.transit.rides import Anchor, Ride

LONGEST_DAYS: Final = 1
"""No window is longer; an anchor in the future never counts, nor one that is damaged and says anything."""


class Transferred(NamedTuple):
    """A transfer that holds for a ride.

    Args:
        rule: the first that fits.
        anchor: the ride that its window counted from.
        at: clock point of the later ride.
        window_minutes: length of the window.
    """

    rule: Transfer
    anchor: Anchor
    at: datetime
    window_minutes: int


def starting_anchor(plan: Plan, ride: Ride) -> Anchor:
    """What a card carries after a ride that is no transfer: the exit counts where the mode says so and there is one."""
    return Anchor(ride.line, ride.exit_at if plan.mode.starts_at_exit and ride.exit_at is not None else ride.at)


def find_transfer(
    plan: Plan, candidates: tuple[Transfer, ...], ride: Ride, anchor_of: Callable[[Transfer], Anchor | None]
) -> Transferred | None:
    """The first rule by which the ride is a later leg.

    Args:
        plan: of the ride's line and class.
        candidates: rules of the plan, in order.
        ride: the later ride.
        anchor_of: the ride that the window of a rule counts from; None: there is none, or the rule is used up.
    """
    at = ride.exit_at if plan.mode.ends_at_exit and ride.exit_at is not None else ride.at
    for rule in candidates:
        anchor = anchor_of(rule)
        if anchor is None:
            continue
        age = at - anchor.at
        if not 0 <= age.days <= LONGEST_DAYS:
            continue
        when = rule.later.when
        if when is not None and not when.holds(at.astimezone(plan.offset)):
            continue
        if not _is_earlier_leg(plan.routes, rule, ride.line, anchor):
            continue
        minutes = _window_minutes(rule, anchor, plan.offset)
        if _is_inside(age, minutes, rule):
            return Transferred(rule, anchor, at, minutes)
    return None


def _is_earlier_leg(routes: Mapping[int, Line], rule: Transfer, line: int, anchor: Anchor) -> bool:
    """Whether a ride can follow the anchor's; a line that the tariff does not have is no earlier leg."""
    if anchor.line == line and not rule.same_line:
        return False
    route = routes.get(anchor.line)
    return route is not None and not route.no_transfer and covers(rule.earlier, anchor.line, route)


def _window_minutes(rule: Transfer, anchor: Anchor, offset: timezone) -> int:
    if rule.minutes_when:
        wall = anchor.at.astimezone(offset)
        for when, minutes in rule.minutes_when:
            if when.holds(wall):
                return minutes
    return rule.minutes


def _is_inside(age: timedelta, minutes: int, rule: Transfer) -> bool:
    window = timedelta(0, 60 * minutes)
    return age < window or (rule.last_second_counts and age == window)
