"""The tariff document, format 1: checked with the place of every mistake, and read into a frozen value (README.md beside this file)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from citizencard.tariffs import parking, utilities
from citizencard.tariffs.checks import (
    MAX_FEN,
    MAX_NAME_CHARACTERS,
    Check,
    Fault,
    a_flag,
    a_party,
    a_text,
    an_instant,
    an_integer,
    an_object,
    an_object_or_none,
    check_fields,
    check_rules,
    one_of,
    some_entries,
)
from citizencard.tariffs.errors import TariffInvalid
from citizencard.tariffs.parking import ParkingRule
from citizencard.tariffs.utilities import UtilityRule

FORMAT: Final = 1
MAX_VERSION: Final = 2**32 - 1
MAX_LINE: Final = 65_535
MAX_WINDOW_S: Final = 24 * 3600
MAX_DENOMINATOR: Final = 1_000_000
CLASS_DIGITS: Final = 2
ORDERS: Final = ("discount_then_reduce",)


@dataclass(frozen=True, slots=True)
class ClassShare:
    """What a card class pays of the full fare, and who pays the rest.

    Args:
        name: slug for people.
        numerator, denominator: the class pays numerator ⁄ denominator, at most 1.
        sponsor: id of the party that pays the difference; None: the merchant gives the discount itself.
    """

    name: str
    numerator: int
    denominator: int
    sponsor: str | None


@dataclass(frozen=True, slots=True)
class TransferRule:
    """When a second ride is cheaper, and by how much: within `window_s` seconds of the anchor, `reduce_fen` less."""

    window_s: int
    window_inclusive: bool
    same_line: bool
    reduce_fen: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """A tariff document without mistakes.

    Args:
        version: 1 to 2**32 - 1.
        effective_from: from this instant on.
        lines: full fare in fen by line number.
        classes: share by class byte.
        transfer: None when there is none.
        parking: what a stay costs, by lot.
        utilities: what a bill costs, by rule.
    """

    version: int
    effective_from: datetime
    lines: Mapping[int, int]
    classes: Mapping[int, ClassShare]
    transfer: TransferRule | None
    parking: Mapping[str, ParkingRule] = field(default_factory=dict)
    utilities: Mapping[str, UtilityRule] = field(default_factory=dict)


def check(document: object) -> list[Fault]:
    """Every mistake of a document, in the order of its parts; an empty list means that it can be published."""
    if not isinstance(document, dict):
        return [Fault("", "must be a JSON object")]
    faults = check_fields("", document, _DOCUMENT, _LATER_PARTS)
    transfer = document.get("transfer")
    if isinstance(transfer, dict):
        faults += check_fields("transfer.", transfer, _TRANSFER)
    lines = document.get("lines")
    if isinstance(lines, dict):
        for number, entry in lines.items():
            faults += _line_faults(number, entry)
    classes = document.get("classes")
    if isinstance(classes, dict):
        for byte, entry in classes.items():
            faults += _class_faults(byte, entry)
    faults += check_rules("parking", document.get("parking"), parking.check_rule)
    return faults + check_rules("utilities", document.get("utilities"), utilities.check_rule)


def read(document: object) -> Tariff:
    """Read a document.

    Raises:
        TariffInvalid: it has mistakes; names all of them.
    """
    faults = check(document)
    if faults or not isinstance(document, dict):
        named = [str(fault) for fault in faults]
        raise TariffInvalid("; ".join(named), faults=named)
    transfer = document["transfer"]
    return Tariff(
        version=document["version"],
        effective_from=datetime.fromisoformat(document["effective_from"]),
        lines={int(number): entry["base_fen"] for number, entry in document["lines"].items()},
        classes={
            int(byte, 16): ClassShare(entry["name"], entry["numerator"], entry["denominator"], entry.get("sponsor"))
            for byte, entry in document["classes"].items()
        },
        transfer=None
        if transfer is None
        else TransferRule(
            transfer["window_s"], transfer["window_inclusive"], transfer["same_line"], transfer["reduce_fen"]
        ),
        parking={name: parking.read_rule(rule) for name, rule in document.get("parking", {}).items()},
        utilities={name: utilities.read_rule(rule) for name, rule in document.get("utilities", {}).items()},
    )


def _line_faults(number: object, entry: object) -> list[Fault]:
    place = f"lines.{number}"
    digits = isinstance(number, str) and number.isascii() and number.isdigit() and str(int(number)) == number
    faults = [] if digits and 1 <= int(str(number)) <= MAX_LINE else [Fault(place, f"must be named 1 to {MAX_LINE}")]
    if not isinstance(entry, dict):
        return [*faults, Fault(place, "must be an object")]
    return faults + check_fields(f"{place}.", entry, {"base_fen": an_integer(0, MAX_FEN)})


def _class_faults(byte: object, entry: object) -> list[Fault]:
    place = f"classes.{byte}"
    named = isinstance(byte, str) and len(byte) == CLASS_DIGITS and set(byte) <= set("0123456789ABCDEF")
    faults = [] if named else [Fault(place, "must be named by two hexadecimal digits, 00 to FF")]
    if not isinstance(entry, dict):
        return [*faults, Fault(place, "must be an object")]
    faults += check_fields(f"{place}.", entry, _CLASS, _OPTIONAL)
    numerator, denominator = entry.get("numerator"), entry.get("denominator")
    if type(numerator) is int and type(denominator) is int and numerator > denominator:
        faults.append(Fault(f"{place}.numerator", "must not exceed the denominator: a discount is no surcharge"))
    return faults


_LATER_PARTS: Final = frozenset({"parking", "utilities"})
"""Parts that a document may leave out: a city without lots or bills."""
_OPTIONAL: Final = frozenset({"sponsor"})
_DOCUMENT: Final[Mapping[str, Check]] = {
    "format": one_of(FORMAT),
    "version": an_integer(1, MAX_VERSION),
    "effective_from": an_instant,
    "rounding": one_of("half_up"),
    "transfer": an_object_or_none,
    "lines": some_entries,
    "classes": some_entries,
    "parking": an_object,
    "utilities": an_object,
}
_TRANSFER: Final[Mapping[str, Check]] = {
    "window_s": an_integer(0, MAX_WINDOW_S),
    "window_inclusive": a_flag,
    "anchor": one_of("previous"),
    "same_line": a_flag,
    "reduce_fen": an_integer(0, MAX_FEN),
    "order": one_of(*ORDERS),
    "max_count": one_of(1),
}
_CLASS: Final[Mapping[str, Check]] = {
    "name": a_text(MAX_NAME_CHARACTERS),
    "numerator": an_integer(0, MAX_DENOMINATOR),
    "denominator": an_integer(1, MAX_DENOMINATOR),
    "sponsor": a_party,
}
