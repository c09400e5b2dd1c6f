"""The tariff document, format 2: checked with the place of every mistake, and read into a frozen value (README.md beside this file)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TypeVar

from citizencard.tariffs import fuel, late_fees, parking_checks, parking_rules, taxi, utility_checks, utility_rules
from citizencard.tariffs.amounts import Money, minor_digits
from citizencard.tariffs.checks import Fault, Inspection, form_faults
from citizencard.tariffs.errors import TariffInvalid
from citizencard.tariffs.fuel import FuelRule
from citizencard.tariffs.late_fees import LateFeeRule
from citizencard.tariffs.parking_rules import ParkingRule
from citizencard.tariffs.taxi import TaxiRule
from citizencard.tariffs.transit import inspecting, reading
from citizencard.tariffs.transit.model import Transit
from citizencard.tariffs.utility_rules import UtilityRule
from citizencard.tariffs.values import inspect_values

FORMAT: Final = 2
DEFAULT_OFFSET: Final = "+08:00"

Rule = TypeVar("Rule")


@dataclass(frozen=True, slots=True)
class Tariff:
    """A tariff document without mistakes.

    Args:
        version: 1 to 2**32 - 1.
        name: for people.
        effective_from: from this instant on.
        money: its currency.
        offset: its wall clock; conditions, days and periods are read on it.
        transit: what rides cost; None when the document does not say.
        parking, taxi, fuel, utilities, late_fees: rules by name.
    """

    version: int
    name: str
    effective_from: datetime
    money: Money
    offset: timezone
    transit: Transit | None
    parking: Mapping[str, ParkingRule] = field(default_factory=dict)
    taxi: Mapping[str, TaxiRule] = field(default_factory=dict)
    fuel: Mapping[str, FuelRule] = field(default_factory=dict)
    utilities: Mapping[str, UtilityRule] = field(default_factory=dict)
    late_fees: Mapping[str, LateFeeRule] = field(default_factory=dict)


def check(document: object) -> list[Fault]:
    """Every mistake of a document, in its order as far as form goes; an empty list means that it can be published. Never raises."""
    inspection = Inspection(form_faults(document))
    if not isinstance(document, dict) or inspection.full:
        return inspection.found()
    if not inspection.sound("currency"):
        inspection.explain("currency", "what amounts and rules mean is checked once it is there")
        return inspection.found()
    money = money_of(document)
    inspect_values(inspection, document, money)
    if isinstance(document.get("transit"), dict):
        inspecting.inspect(inspection, "transit", document["transit"], money)
    for part, inspect in _INSPECTED.items():
        rules = document.get(part)
        for name, rule in rules.items() if isinstance(rules, dict) else ():
            if isinstance(rule, dict):
                inspect(inspection, f"{part}.{name}", rule, money)
    late_fees.inspect_references(inspection, document)
    return inspection.found()


def read(document: object) -> Tariff:
    """Read a document.

    Raises:
        TariffInvalid: it has mistakes; names all of them.
    """
    faults = check(document)
    if faults or not isinstance(document, dict):
        named = [str(fault) for fault in faults]
        raise TariffInvalid("; ".join(named), faults=named)
    return read_published(document)


def read_published(document: Mapping[str, Any]) -> Tariff:
    """Read a document that was checked when two people agreed on it.

    It is not judged again: rides were priced by it, whatever the checks of a later program would say of it.

    Raises:
        TariffInvalid: it is of a format that is not read any more.
    """
    if document.get("format") != FORMAT:
        faults = [f"format: must be {FORMAT}"]
        raise TariffInvalid(faults[0], faults=faults)
    money = money_of(document)

    def rules(part: str, read_rule: Callable[[str, Mapping[str, Any], Money], Rule]) -> dict[str, Rule]:
        return {name: read_rule(f"{part}.{name}", rule, money) for name, rule in document.get(part, {}).items()}

    return Tariff(
        version=document["version"],
        name=document["name"],
        effective_from=datetime.fromisoformat(document["effective_from"]),
        money=money,
        offset=_offset(document.get("utc_offset", DEFAULT_OFFSET)),
        transit=reading.read(document["transit"], money) if "transit" in document else None,
        parking=rules("parking", parking_rules.read_rule),
        taxi=rules("taxi", taxi.read_rule),
        fuel=rules("fuel", fuel.read_rule),
        utilities=rules("utilities", utility_rules.read_rule),
        late_fees=rules("late_fees", late_fees.read_rule),
    )


def money_of(document: Mapping[str, Any]) -> Money:
    """The currency of a document whose `currency` is sound."""
    return Money(document["currency"], minor_digits(document["currency"]))


def _offset(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[4:6])
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text.startswith("-") else size)


_INSPECTED: Final[Mapping[str, Callable[[Inspection, str, Mapping[str, Any], Money], None]]] = {
    "parking": parking_checks.inspect,
    "taxi": taxi.inspect,
    "fuel": fuel.inspect,
    "utilities": utility_checks.inspect,
    "late_fees": late_fees.inspect,
}
