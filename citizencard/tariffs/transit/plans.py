"""Which rules of a tariff can hold for a line and a card class: looked up once, and kept with the tariff."""

from collections.abc import Iterable
from datetime import datetime, timezone
from fractions import Fraction
from typing import Final, NamedTuple, TypeVar

from citizencard.tariffs.amounts import Rounding
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import RuleMissing
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.settling import number
from citizencard.tariffs.transit.fares import FullFare, full_fare, in_system
from citizencard.tariffs.transit.model import (
    Bands,
    Cap,
    Lifetime,
    Line,
    Pass,
    Reduction,
    RideCount,
    Scope,
    Transfer,
    Transit,
)
from citizencard.tariffs.transit.rides import Ride
from citizencard.tariffs.when import When

MAX_PLANS: Final = 20_000
"""More lines and classes than that are looked up anew."""
MAX_KEPT: Final = 500
"""More different amounts of one plan than that are reckoned anew."""

Facts = dict[str, int | str]
Scoped = TypeVar("Scoped", Pass, Bands, RideCount, Lifetime, Cap)


class Discount(NamedTuple):
    """What takes something off the full fare of a ride by itself: a concession, or a band of the period's amount.

    Args:
        what: kind of the line in the explanation.
        rule: place of the rule, or of the step of a rule that makes the reduction.
        reduction: how.
        facts: for the explanation.
        sponsor: who pays it.
    """

    what: str
    rule: str
    reduction: Reduction
    facts: Facts
    sponsor: str | None


class Own(NamedTuple):
    """What the card's holder pays for a ride, and what was taken off on the way; minor units, the latter 0 or below."""

    minor: int
    discount: int
    transfer: int


class Plan:
    """The rules that can hold for a line and a card class; what depends on the time is still open.

    Raises:
        RuleMissing: the tariff has no such line or class.
    """

    def __init__(self, transit: Transit, offset: timezone, line: int, card_class: int) -> None:
        if line not in transit.lines:
            raise RuleMissing(f"the tariff has no line {line}", place=f"transit.lines.{line}")
        if card_class not in transit.classes:
            byte = f"{card_class:02X}"
            raise RuleMissing(f"the tariff has no card class {byte}", place=f"transit.classes.{byte}")
        self.route = route = transit.lines[line]
        self.mode = transit.modes[route.mode]
        self.routes, self.offset, self.rounding = transit.lines, offset, transit.rounding
        companions = transit.companions
        self.companions = companions if companions is not None and card_class in companions.classes else None
        self.discounts = () if route.no_concession else _discounts(transit, line, card_class)
        self.transfers = () if route.no_transfer else _transfers(transit, line, card_class)
        self.passes = _within(transit.passes.values(), line, route, card_class)
        self.bands = () if route.no_concession else _within(transit.bands, line, route, card_class)
        self.ride_counts = _within(transit.ride_counts, line, route, card_class)
        self.lifetime = _within(transit.lifetime, line, route, card_class)
        self.caps = _within(transit.caps, line, route, card_class)
        self.device_transfers = tuple(rule for rule in self.transfers if on_device(rule))
        self.quotes: dict[tuple[str, str | None], Quote] = {}
        self._owns: dict[tuple[int, str | None, str | None], Own] = {}
        self._fares: dict[str, FullFare] = {}

    def full_fare(self, ride: Ride, wall: datetime) -> FullFare:
        """The full fare of a ride that begins at a time of the wall clock; see `fares.full_fare`."""
        fare = self.route.fare
        for when, other in self.route.fares_when:
            if when.holds(wall):
                fare = other
                break
        kept = self._fares.get(fare.place)
        if kept is not None:
            in_system(ride)
        else:
            kept = full_fare(fare, ride)
            if kept.constant and fare.overtime_minutes is None:
                self._fares[fare.place] = kept
        return kept

    def discount(self, wall: datetime) -> Discount | None:
        """The first concession that holds at a time of the wall clock."""
        for when, discount in self.discounts:
            if when is None or when.holds(wall):
                return discount
        return None

    def own(self, base: int, discount: Discount | None, transfer: Transfer | None) -> Own:
        """What the holder pays, with the discount and the transfer taken in the order that the transfer rule names."""
        key = (
            base,
            None if discount is None else discount.rule,
            None if transfer is None else transfer.place,
        )
        own = self._owns.get(key)
        if own is None:
            own = own_price(base, None if discount is None else discount.reduction, transfer, self.rounding)
            if len(self._owns) < MAX_KEPT:
                self._owns[key] = own
        return own


def plan_of(tariff: Tariff, line: int, card_class: int) -> Plan:
    """The plan of a line and a class.

    Raises:
        RuleMissing: the tariff says nothing about rides, or has no such line or class.
    """
    transit = rules_of(tariff)
    key = line << 8 | card_class
    plan: Plan | None = transit.plans.get(key)
    if plan is None:
        plan = Plan(transit, tariff.offset, line, card_class)
        if len(transit.plans) >= MAX_PLANS:
            transit.plans.clear()
        transit.plans[key] = plan
    return plan


def rules_of(tariff: Tariff) -> Transit:
    """What a tariff says about rides.

    Raises:
        RuleMissing: nothing.
    """
    if tariff.transit is None:
        raise RuleMissing("the tariff does not say what rides cost", place="transit")
    return tariff.transit


def on_device(rule: Transfer) -> bool:
    """Whether a transfer rule can be used from the record alone: a card carries one ride, no counts."""
    return rule.most_a_day is None and rule.most_in_a_row in {None, 1}


def covers(scope: Scope, line: int, route: Line) -> bool:
    """Whether a rule is for a line, whoever rides and whenever."""
    return (
        (scope.modes is None or route.mode in scope.modes)
        and (scope.operators is None or route.operator in scope.operators)
        and (scope.lines is None or line in scope.lines)
    )


def is_for(scope: Scope, line: int, route: Line, card_class: int) -> bool:
    """Whether a rule is for a class on a line, whenever."""
    return (scope.classes is None or card_class in scope.classes) and covers(scope, line, route)


def own_price(base: int, discount: Reduction | None, transfer: Transfer | None, rounding: Rounding) -> Own:
    """What is left of a full fare; never below 0, never above it."""
    if transfer is None:
        own = reduced(base, discount, rounding)
        return Own(own, own - base, 0)
    first, second = (transfer.reduction, discount) if transfer.reduce_first else (discount, transfer.reduction)
    between = reduced(base, first, rounding)
    own = reduced(between, second, rounding)
    if transfer.reduce_first:
        return Own(own, own - between, between - base)
    return Own(own, between - base, own - between)


def reduced(amount: int, reduction: Reduction | None, rounding: Rounding) -> int:
    """An amount after one reduction; a share that is rounded upwards never makes it dearer."""
    if reduction is None:
        return amount
    if reduction.less is not None:
        return max(0, amount - reduction.less)
    if reduction.costs is not None:
        return min(amount, reduction.costs)
    return shared(amount, reduction.pays, rounding)


def shared(amount: int, pays: Fraction | None, rounding: Rounding) -> int:
    """A share of an amount, settled; never above the amount. None: all of it."""
    return amount if pays is None else min(amount, rounding.settle(amount * pays))


def percent(share: Fraction) -> str:
    """A share for people: 19/20 → "95%", 2/3 → "2/3"."""
    text = number(share * 100)
    return f"{share}" if "/" in text else f"{text}%"


def _within(rules: Iterable[Scoped], line: int, route: Line, card_class: int) -> tuple[Scoped, ...]:
    return tuple(rule for rule in rules if is_for(rule.scope, line, route, card_class))


def _discounts(transit: Transit, line: int, card_class: int) -> tuple[tuple[When | None, Discount], ...]:
    route, class_name = transit.lines[line], transit.classes[card_class]
    return tuple(
        (
            rule.scope.when,
            Discount("concession", rule.place, rule.reduction, _facts(rule.reduction, class_name), rule.sponsor),
        )
        for rule in transit.concessions
        if is_for(rule.scope, line, route, card_class)
    )


def _transfers(transit: Transit, line: int, card_class: int) -> tuple[Transfer, ...]:
    route = transit.lines[line]
    return tuple(rule for rule in transit.transfers if is_for(rule.later, line, route, card_class))


def _facts(reduction: Reduction, class_name: str) -> Facts:
    if reduction.less is not None:
        return {"class": class_name, "by": "less", "less_minor": reduction.less}
    if reduction.costs is not None:
        return {"class": class_name, "by": "costs", "costs_minor": reduction.costs}
    return {"class": class_name, "by": "pays", "pays": percent(reduction.pays or Fraction(0))}
