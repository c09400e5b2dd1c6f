"""What the schema cannot say about a price list of a utility."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.checks import Inspection
from citizencard.tariffs.precedence import never_used
from citizencard.tariffs.utility_rules import MONTH, per_months

_NAMED: Final = ("free_units", "base_fees", "add_ons")
_PRICED: Final = ("price", "registers", "tiers")


def inspect(inspection: Inspection, place: str, rule: Mapping[str, Any], _money: Money) -> None:
    """Name what is wrong: no price or two, limits that do not rise, periods that do not go together, names given twice."""
    sound = inspection.fields(place, rule)
    lists = {name: list(inspection.entries(f"{place}.{name}", rule.get(name))) for name in _NAMED}
    tiers = inspection.fields(f"{place}.tiers", rule.get("tiers"))
    steps = tiers.get("steps")
    if steps is not None:
        _limits(inspection, f"{place}.tiers.steps", steps)
    if steps is not None or "tiers" not in rule:
        _prices(inspection, place, rule, steps or [])
    _periods(inspection, place, sound, tiers)
    for here, entry in lists["base_fees"]:
        inspection.exactly_one_of(here, entry, ("price", "by_size"))
    never_used(inspection, f"{place}.free_units", rule.get("free_units"), _has_its_traits)
    for entries in lists.values():
        _names(inspection, entries)
    if "tax" in sound and Fraction(sound["tax"]["factor"]) < 1:
        inspection.add(f"{place}.tax.factor", "must be at least 1: it is the price with tax by the price without")


def _has_its_traits(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """A household must have all traits of an allowance."""
    return set(earlier.get("traits", ())) <= set(later.get("traits", ()))


def _prices(inspection: Inspection, place: str, rule: Mapping[str, Any], steps: list[Mapping[str, Any]]) -> None:
    for index, step in enumerate(steps):
        inspection.exactly_one_of(f"{place}.tiers.steps.{index}", step, ("price", "adds"))
    if not steps:
        # Where none is there and a field is misspelt, the misspelt one is named already.
        if inspection.sound(place) or not rule.keys().isdisjoint(_PRICED):
            inspection.exactly_one_of(place, rule, _PRICED)
        return
    if any("adds" in step for step in steps):
        for index, step in enumerate(steps):
            if "adds" not in step:
                inspection.add(f"{place}.tiers.steps.{index}", "must have adds like the other tiers")
        if ("price" in rule) == ("registers" in rule):
            inspection.add(place, "must have exactly one of price and registers, which adds are added to")
        return
    for name in ("price", "registers"):
        if name in rule:
            inspection.add(
                f"{place}.{name}", "must be left out where every tier has its price, or tiers have adds instead"
            )


def _limits(inspection: Inspection, place: str, steps: list[Mapping[str, Any]]) -> None:
    below = Fraction(0)
    for index, step in enumerate(steps):
        is_last = index == len(steps) - 1
        if is_last and "up_to" in step:
            inspection.add(f"{place}.{index}.up_to", "must be left out in the last tier: every unit has a price")
        elif not is_last and "up_to" not in step:
            inspection.add(f"{place}.{index}.up_to", "is missing: only the last tier has no limit")
        elif not is_last:
            up_to = Fraction(step["up_to"])
            if up_to <= below:
                inspection.add(f"{place}.{index}.up_to", f"must be above {below}")
            below = max(below, up_to)


def _periods(inspection: Inspection, place: str, rule: Mapping[str, Any], tiers: Mapping[str, Any]) -> None:
    """A reading says one number of units before, so one period at most runs on; months that are cut are months."""
    runs_on: int | None = None
    for where, months in _pers(rule, tiers):
        if "split_reading" in rule and months != MONTH:
            inspection.add(f"{place}.{where}", "must be month where readings are split into months")
        elif months > MONTH and runs_on is not None and months != runs_on:
            inspection.add(f"{place}.{where}", f"must be month, bill or the {runs_on} months of the other period")
        elif months > MONTH:
            runs_on = months
    if "split_reading" in rule and tiers.get("part_months") == "by_days":
        inspection.add(f"{place}.tiers.part_months", "must be whole where readings are split into months")


def _pers(rule: Mapping[str, Any], tiers: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Every period that something is counted in: its place and its months."""
    if "per" in tiers:
        yield "tiers.per", per_months(tiers["per"])
    for part in ("free_units", "add_ons"):
        for index, entry in enumerate(rule.get(part, ())):
            if "per" in entry:
                yield f"{part}.{index}.per", per_months(entry["per"])


def _names(inspection: Inspection, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    names: set[str] = set()
    for here, entry in entries:
        if entry["name"] in names:
            inspection.add(f"{here}.name", "must be another name than the others of the list")
        names.add(entry["name"])
