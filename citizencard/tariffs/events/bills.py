"""Bills of a file: those of one household follow each other, so that a tier period runs on over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import chain
from typing import Any

from citizencard.tariffs import utilities
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.events.single import check_traits, rule_of
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.utility_rules import UtilityRule


@dataclass(slots=True)
class Households:
    """What the households of a file have been billed so far: units by household, price list and beginning of the tier period."""

    units: dict[tuple[str, str, date], Fraction] = field(default_factory=dict)

    def bill(self, tariff: Tariff, fields: Mapping[str, Any]) -> Quote:
        """Price a bill; without `units_before` its household's earlier bills of the file count.

        Raises:
            RuleMissing: the tariff has no such price list, register or size.
            EventInvalid: such a bill cannot be.
        """
        rule = rule_of(tariff.utilities, "utilities", fields["utility"])
        check_traits(fields, chain.from_iterable(one.traits for one in rule.free_units), rule.place)
        reading = _reading(fields)
        period = rule.tier_period(reading.period_to)
        key = (fields.get("account", "account"), fields["utility"], period[0]) if period else None
        if key is not None and "units_before" not in fields:
            reading = _reading(fields, self.units.get(key, Fraction(0)))
        quote = utilities.bill(rule, reading)
        if key is not None:
            self.units[key] = reading.units_before + _used(rule, reading)
        return quote


def _reading(fields: Mapping[str, Any], before: Fraction | None = None) -> utilities.Reading:
    return utilities.Reading(
        period_from=date.fromisoformat(fields["from"]),
        period_to=date.fromisoformat(fields["to"]),
        units=Fraction(fields["units"]) if "units" in fields else None,
        registers={name: Fraction(units) for name, units in fields.get("registers", {}).items()},
        units_before=Fraction(fields.get("units_before", "0")) if before is None else before,
        household=fields.get("household", 0),
        size=fields.get("size"),
        traits=frozenset(fields.get("traits", ())),
    )


def _used(rule: UtilityRule, reading: utilities.Reading) -> Fraction:
    return sum(reading.registers.values(), Fraction(0)) if rule.registers else reading.units or Fraction(0)
