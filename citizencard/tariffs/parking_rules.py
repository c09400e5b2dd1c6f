"""A lot's price rule as a frozen value, read from a document without mistakes. What its fields mean is told in parking.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from citizencard.tariffs.amounts import Money, Rounding, read_rounding, share
from citizencard.tariffs.when import When, read_when


@dataclass(frozen=True, slots=True)
class Free:
    """Minutes that cost nothing."""

    minutes: int = 0
    charged_after: bool = False
    every_period: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A price in minor units for each so many charged minutes, up to a minute (None: without end)."""

    up_to_minutes: int | None
    each_minutes: int
    price: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What certain vehicles pay at certain times; exactly one of `steps` (not empty), `a_visit` and `a_period` is given.

    Args:
        long_stay: in a period with more charged minutes than the first number, the second (minor units) is the price.
        most: of the charge in one period, in minor units; None: without limit.
    """

    place: str
    name: str | None
    vehicles: frozenset[str] | None
    when: When | None
    steps: tuple[Step, ...]
    part_of_step: str
    a_visit: int | None
    a_period: int | None
    long_stay: tuple[int, int] | None
    most: int | None


@dataclass(frozen=True, slots=True)
class Discount:
    """What a stay with one of the traits pays less; exactly one of `pays`, `less` (minor units) and `free_minutes` is given."""

    place: str
    name: str
    traits: frozenset[str]
    pays: Fraction | None
    less: int | None
    free_minutes: int | None
    sponsor: str | None


@dataclass(frozen=True, slots=True)
class Permit:
    """What parking for a period costs at once, in minor units."""

    place: str
    title: str
    period: str
    price: int
    vehicles: frozenset[str] | None
    when: When | None


@dataclass(frozen=True, slots=True)
class ParkingRule:
    """What a lot charges.

    Args:
        period: `24_hours`, `calendar_day` or `stay`.
        steps_continue: whether the steps of the next period go on where they were.
        most: of one period, in minor units; None: without limit.
    """

    place: str
    title: str
    rounding: Rounding
    vehicles: tuple[str, ...]
    free: Free
    period: str
    steps_continue: bool
    free_period_every: int | None
    charges: tuple[Charge, ...]
    most: int | None
    discounts: tuple[Discount, ...]
    permits: Mapping[str, Permit]


def read_rule(place: str, rule: Mapping[str, Any], money: Money) -> ParkingRule:
    """Read a rule without mistakes."""
    free = rule.get("free", {"minutes": 0})
    return ParkingRule(
        place=place,
        title=rule["title"],
        rounding=read_rounding(rule.get("rounding"), money),
        vehicles=tuple(rule.get("vehicles", ())),
        free=Free(
            minutes=free["minutes"],
            charged_after=free.get("longer_stays") == "charged_after",
            every_period=free.get("again") == "every_period",
        ),
        period=rule.get("period", "stay"),
        steps_continue=rule.get("next_period") == "continues",
        free_period_every=rule.get("free_period_every"),
        charges=tuple(
            _read_charge(f"{place}.charges.{index}", entry, money) for index, entry in enumerate(rule["charges"])
        ),
        most=_amount(rule, "most_a_period", money),
        discounts=tuple(
            _read_discount(f"{place}.discounts.{index}", entry, money)
            for index, entry in enumerate(rule.get("discounts", ()))
        ),
        permits={
            name: _read_permit(f"{place}.permits.{name}", name, entry, money)
            for name, entry in rule.get("permits", {}).items()
        },
    )


def _read_charge(place: str, entry: Mapping[str, Any], money: Money) -> Charge:
    long_stay = entry.get("long_stay")
    return Charge(
        place=place,
        name=entry.get("name"),
        vehicles=_names(entry, "vehicles"),
        when=read_when(entry.get("when")),
        steps=tuple(
            Step(step.get("up_to_minutes"), step["each_minutes"], money.amount(step["price"]))
            for step in entry.get("steps", ())
        ),
        part_of_step=entry.get("part_of_step", "counts"),
        a_visit=_amount(entry, "a_visit", money),
        a_period=_amount(entry, "a_period", money),
        long_stay=None if long_stay is None else (long_stay["after_minutes"], money.amount(long_stay["price"])),
        most=_amount(entry, "most_a_period", money),
    )


def _read_discount(place: str, entry: Mapping[str, Any], money: Money) -> Discount:
    return Discount(
        place=place,
        name=entry["name"],
        traits=frozenset(entry["traits"]),
        pays=share(entry["pays"]) if "pays" in entry else None,
        less=_amount(entry, "less", money),
        free_minutes=entry.get("free_minutes"),
        sponsor=entry.get("sponsor"),
    )


def _read_permit(place: str, name: str, entry: Mapping[str, Any], money: Money) -> Permit:
    return Permit(
        place=place,
        title=entry.get("title", name),
        period=entry["period"],
        price=money.amount(entry["price"]),
        vehicles=_names(entry, "vehicles"),
        when=read_when(entry.get("when")),
    )


def _amount(entry: Mapping[str, Any], name: str, money: Money) -> int | None:
    return money.amount(entry[name]) if name in entry else None


def _names(entry: Mapping[str, Any], name: str) -> frozenset[str] | None:
    return frozenset(entry[name]) if name in entry else None
