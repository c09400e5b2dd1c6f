"""What water, gas or power cost: tiers of a quantity with add-ons on each unit, in whole fen (README.md beside this file)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from citizencard.tariffs.checks import (
    MAX_FEN,
    MAX_NAME_CHARACTERS,
    MAX_SOURCE_CHARACTERS,
    Check,
    Fault,
    a_list,
    a_party,
    a_text,
    an_integer,
    check_fields,
)
from citizencard.tariffs.errors import QuantityInvalid

MAX_QUANTITY: Final = 1_000_000
"""Units on one bill: more is a reading error."""
MAX_TIERS: Final = 20
MAX_ADD_ONS: Final = 20
MAX_UNIT_CHARACTERS: Final = 12


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of the price: `fen` for each unit up to `up_to`, None for all that is left."""

    up_to: int | None
    fen: int


@dataclass(frozen=True, slots=True)
class AddOn:
    """What is charged on every unit beside the price, such as the sewage charge."""

    name: str
    fen: int


@dataclass(frozen=True, slots=True)
class UtilityRule:
    """What a utility's quantity costs.

    Args:
        name: for people.
        unit: what is metered, such as `t`.
        tiers: rising, the last one without an end.
        add_ons: on each unit.
        source: where the rule is printed.
    """

    name: str
    unit: str
    tiers: tuple[Tier, ...]
    add_ons: tuple[AddOn, ...]
    source: str


@dataclass(frozen=True, slots=True)
class UtilityPart:
    """A line of a bill: `quantity` units at `unit_fen` are `fen`. `tier_1`, `tier_2` … or the add-on's name."""

    name: str
    quantity: int
    unit_fen: int
    fen: int


@dataclass(frozen=True, slots=True)
class UtilityPrice:
    """What a quantity costs, and the lines that add up to it; lines of no units are left out."""

    total_fen: int
    parts: tuple[UtilityPart, ...]


def bill(rule: UtilityRule, quantity: int) -> UtilityPrice:
    """Price a quantity: each unit by the tier that it falls into, and every add-on on all units.

    Args:
        rule: of the tariff.
        quantity: whole units, 0 to 1,000,000.

    Raises:
        QuantityInvalid: out of these bounds.
    """
    if not 0 <= quantity <= MAX_QUANTITY:
        raise QuantityInvalid(f"{quantity} units, must be 0 to {MAX_QUANTITY}", quantity=quantity)
    parts: list[UtilityPart] = []
    below = 0
    for number, tier in enumerate(rule.tiers, 1):
        end = quantity if tier.up_to is None else min(quantity, tier.up_to)
        used = max(0, end - below)
        parts.append(UtilityPart(f"tier_{number}", used, tier.fen, used * tier.fen))
        below += used
    parts += [UtilityPart(one.name, quantity, one.fen, quantity * one.fen) for one in rule.add_ons]
    return UtilityPrice(sum(part.fen for part in parts), tuple(part for part in parts if part.quantity))


def check_rule(place: str, rule: Mapping[str, object]) -> list[Fault]:
    """Every mistake of a rule; `place` is put before each name."""
    faults = check_fields(place, rule, _RULE)
    tiers, add_ons = rule.get("tiers"), rule.get("add_ons")
    if isinstance(tiers, list):
        faults += _tier_faults(f"{place}tiers", tiers[:MAX_TIERS])
    names: set[object] = set()
    for index, entry in enumerate(add_ons[:MAX_ADD_ONS] if isinstance(add_ons, list) else []):
        where = f"{place}add_ons.{index}"
        if not isinstance(entry, dict):
            faults.append(Fault(where, "must be an object"))
            continue
        faults += check_fields(f"{where}.", entry, _ADD_ON)
        name = entry.get("name")
        if isinstance(name, str) and (name in names or name.startswith("tier_")):
            faults.append(Fault(f"{where}.name", "must be another name than the other lines of the bill"))
        names.add(name if isinstance(name, str) else None)
    return faults


def read_rule(rule: Mapping[str, Any]) -> UtilityRule:
    """Read a rule without mistakes."""
    return UtilityRule(
        name=rule["name"],
        unit=rule["unit"],
        tiers=tuple(Tier(tier["up_to"], tier["fen"]) for tier in rule["tiers"]),
        add_ons=tuple(AddOn(one["name"], one["fen"]) for one in rule["add_ons"]),
        source=rule["source"],
    )


def _tier_faults(place: str, tiers: list[object]) -> list[Fault]:
    faults: list[Fault] = []
    below = 0
    for index, tier in enumerate(tiers):
        where = f"{place}.{index}"
        if not isinstance(tier, dict):
            faults.append(Fault(where, "must be an object"))
            continue
        faults += check_fields(f"{where}.", tier, _TIER)
        up_to, is_last = tier.get("up_to"), index == len(tiers) - 1
        if is_last and up_to is not None:
            faults.append(Fault(f"{where}.up_to", "must be null in the last tier: every unit has a price"))
        if not is_last and (type(up_to) is not int or up_to <= below):
            faults.append(Fault(f"{where}.up_to", f"must be a whole number above {below}"))
        below = up_to if type(up_to) is int else below
    return faults


def _end(value: object) -> str | None:
    return None if value is None else an_integer(1, MAX_QUANTITY)(value)


_RULE: Final[Mapping[str, Check]] = {
    "name": a_text(MAX_NAME_CHARACTERS),
    "unit": a_text(MAX_UNIT_CHARACTERS),
    "tiers": a_list(MAX_TIERS, minimum=1),
    "add_ons": a_list(MAX_ADD_ONS),
    "source": a_text(MAX_SOURCE_CHARACTERS),
}
_TIER: Final[Mapping[str, Check]] = {"up_to": _end, "fen": an_integer(0, MAX_FEN)}
_ADD_ON: Final[Mapping[str, Check]] = {"name": a_party, "fen": an_integer(0, MAX_FEN)}
