"""Mistakes of a lot's rule that the schema cannot say."""

from collections.abc import Mapping, Sequence
from typing import Any

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.checks import Inspection
from citizencard.tariffs.parking_prices import BY_MINUTE
from citizencard.tariffs.precedence import fits_first, never_used


def inspect(inspection: Inspection, place: str, rule: Mapping[str, Any], money: Money) -> None:
    """Name charges without one price, steps that do not rise, vehicles that nobody lists, charges that are never reached."""
    charges = list(inspection.entries(f"{place}.charges", rule.get("charges")))
    named = [*charges, *inspection.entries(f"{place}.permits", rule.get("permits"))]
    _inspect_periods(inspection, place, inspection.fields(place, rule))
    if "vehicles" not in rule or inspection.sound(f"{place}.vehicles"):
        everybody = rule.get("vehicles", [None])
        never_used(inspection, f"{place}.charges", rule.get("charges"), lambda a, b: fits_first(a, b, (), everybody))
        _inspect_vehicles(inspection, place, rule, named)
    for here, charge in charges:
        _inspect_charge(inspection, here, charge, money)
    permits = rule.get("permits")
    for here, discount in inspection.entries(f"{place}.discounts", rule.get("discounts")):
        inspection.exactly_one_of(here, discount, ("pays", "less", "free_minutes"))
        for at, trait in enumerate(discount["traits"]):
            if isinstance(permits, dict) and trait in permits:
                inspection.add(f"{here}.traits.{at}", "must be named unlike every permit, which is a trait too")
    never_used(inspection, f"{place}.discounts", rule.get("discounts"), _has_a_trait)


def _has_a_trait(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """One trait of a discount is enough."""
    return set(later["traits"]) <= set(earlier["traits"])


def _inspect_charge(inspection: Inspection, place: str, charge: Mapping[str, Any], money: Money) -> None:
    inspection.exactly_one_of(place, charge, ("steps", "a_visit", "a_period"))
    part_of_step = charge.get("part_of_step", "counts")
    if "steps" not in charge:
        for name in ("part_of_step", "long_stay"):
            if name in charge:
                inspection.add(f"{place}.{name}", "must not be there without steps")
        return
    steps = charge["steps"]
    most, first = charge.get("most_a_period"), steps[0]["price"]
    if most is not None and part_of_step == "counts" and money.rate(most) < money.rate(first):
        inspection.add(f"{place}.most_a_period", "must not be below the first price, which nobody would ever pay")
    from_minute = 0
    for index, step in enumerate(steps[:-1]):
        here, up_to = f"{place}.steps.{index}", step.get("up_to_minutes")
        if up_to is None:
            inspection.add(f"{here}.up_to_minutes", "is missing: only the last step goes on without end")
            return
        if up_to <= from_minute:
            inspection.add(f"{here}.up_to_minutes", f"must be above {from_minute}, where the step begins")
            return
        if (up_to - from_minute) % step["each_minutes"] and part_of_step != BY_MINUTE:
            inspection.add(
                f"{here}.each_minutes", f"must divide the {up_to - from_minute} minutes that the step is for"
            )
        from_minute = up_to
    if "up_to_minutes" in steps[-1]:
        last = f"{place}.steps.{len(steps) - 1}.up_to_minutes"
        inspection.add(last, "must not be in the last step, which goes on without end")


def _inspect_periods(inspection: Inspection, place: str, rule: Mapping[str, Any]) -> None:
    if rule.get("period", "stay") != "stay":
        return
    wanted = "needs period 24_hours or calendar_day: the stay is one period"
    if "free_period_every" in rule:
        inspection.add(f"{place}.free_period_every", wanted)
    if rule.get("next_period") == "continues":
        inspection.add(f"{place}.next_period", wanted)
    if rule.get("free", {}).get("again") == "every_period":
        inspection.add(f"{place}.free.again", wanted)


def _inspect_vehicles(
    inspection: Inspection, place: str, rule: Mapping[str, Any], named: Sequence[tuple[str, Mapping[str, Any]]]
) -> None:
    known = rule.get("vehicles", [])
    for here, entry in named:
        for at, vehicle in enumerate(entry.get("vehicles", ())):
            if vehicle not in known:
                listed = f"one of {', '.join(known)}" if known else "in the rule's own list vehicles"
                inspection.add(f"{here}.vehicles.{at}", f"must be {listed}")
    charges = rule.get("charges")
    charged = (
        [one.get("vehicles") if isinstance(one, dict) else None for one in charges]
        if isinstance(charges, list)
        else [None]
    )
    for at, vehicle in enumerate(known):
        if not any(not isinstance(vehicles, list) or vehicle in vehicles for vehicles in charged):
            inspection.add(
                f"{place}.vehicles.{at}", f"has no charge; say so with one of 0.00 if {vehicle} parks for free"
            )
