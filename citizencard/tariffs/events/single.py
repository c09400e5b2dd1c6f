"""Events that are priced by themselves: stays, permits, taxi trips, refuellings and late fees."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from itertools import chain
from typing import Any, Final, TypeVar

from citizencard.tariffs import fuel, late_fees, parking, taxi
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.quotes import Quote

Rule = TypeVar("Rule")
Fields = Mapping[str, Any]


def rule_of(rules: Mapping[str, Rule], part: str, name: str) -> Rule:
    """The rule of a part by its name.

    Raises:
        RuleMissing: there is none; tells the names that there are.
    """
    if name not in rules:
        known = f"; it has {', '.join(sorted(rules))}" if rules else ""
        raise RuleMissing(f"the tariff has no rule {part}.{name}{known}", place=f"{part}.{name}")
    return rules[name]


def check_traits(fields: Fields, known: Iterable[str], place: str) -> None:
    """Refuse a trait that no rule asks for: nothing would come of it, and nobody would notice the misspelt one.

    Raises:
        EventInvalid: there is one; names those that the rule knows.
    """
    names = sorted(set(known))
    for index, trait in enumerate(fields.get("traits", ())):
        if trait not in names:
            reason = f"must be one of {', '.join(names)}" if names else f"must be left out: {place} asks for none"
            raise EventInvalid(f"traits.{index} {reason}", field=f"traits.{index}", reason=reason)


def _stay(tariff: Tariff, fields: Fields) -> Quote:
    rule = rule_of(tariff.parking, "parking", fields["lot"])
    check_traits(fields, chain(rule.permits, *(one.traits for one in rule.discounts)), rule.place)
    stay = parking.Stay(
        entered_at=datetime.fromisoformat(fields["entered_at"]),
        left_at=datetime.fromisoformat(fields["left_at"]),
        vehicle=fields.get("vehicle"),
        traits=frozenset(fields.get("traits", ())),
    )
    return parking.quote(rule, stay, tariff.offset)


def _permit(tariff: Tariff, fields: Fields) -> Quote:
    rule = rule_of(tariff.parking, "parking", fields["lot"])
    return parking.permit(rule, fields["permit"], fields.get("vehicle"))


def _taxi(tariff: Tariff, fields: Fields) -> Quote:
    trip = taxi.Trip(
        at=datetime.fromisoformat(fields["at"]),
        km=Fraction(fields["km"]),
        waiting_s=fields.get("waiting_s", 0),
        one_way=fields.get("one_way", True),
    )
    return taxi.quote(rule_of(tariff.taxi, "taxi", fields["fleet"]), trip, tariff.offset)


def _fuel(tariff: Tariff, fields: Fields) -> Quote:
    refuel = fuel.Refuel(
        at=datetime.fromisoformat(fields["at"]),
        product=fields["product"],
        litres=Fraction(fields["litres"]),
        card_class=int(fields["class"], 16) if "class" in fields else None,
    )
    return fuel.quote(rule_of(tariff.fuel, "fuel", fields["station"]), refuel, tariff.offset)


def _late(tariff: Tariff, fields: Fields) -> Quote:
    arrears = late_fees.Arrears(
        bill=tariff.money.amount(fields["bill"]),
        due_on=date.fromisoformat(fields["due_on"]),
        on=date.fromisoformat(fields["on"]),
        payments=tuple(
            (date.fromisoformat(payment["on"]), tariff.money.amount(payment["amount"]))
            for payment in fields.get("payments", ())
        ),
    )
    return late_fees.late_fee(rule_of(tariff.late_fees, "late_fees", fields["rule"]), arrears)


SINGLE: Final[Mapping[str, Callable[[Tariff, Fields], Quote]]] = {
    "stay": _stay,
    "permit": _permit,
    "taxi": _taxi,
    "fuel": _fuel,
    "late": _late,
}
"""Kind of event → its price.

Each raises RuleMissing for what the tariff has no rule for, and EventInvalid for what cannot be so.
"""
