"""The tariff document, format 1: checked with the place of every mistake, and read into a frozen value (README.md beside this file)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from citizencard.tariffs.errors import TariffInvalid

FORMAT: Final = 1
MAX_VERSION: Final = 2**32 - 1
MAX_LINE: Final = 65_535
MAX_FEN: Final = 100_000
MAX_WINDOW_S: Final = 24 * 3600
MAX_DENOMINATOR: Final = 1_000_000
MAX_NAME_CHARACTERS: Final = 60
CLASS_DIGITS: Final = 2
ORDERS: Final = ("discount_then_reduce",)

Check = Callable[[object], str | None]


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in a document.

    Args:
        place: where, as a path such as `classes.01.numerator`; empty for the document itself.
        message: what must be there instead.
    """

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place or 'document'}: {self.message}"


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
    """

    version: int
    effective_from: datetime
    lines: Mapping[int, int]
    classes: Mapping[int, ClassShare]
    transfer: TransferRule | None


def check(document: object) -> list[Fault]:
    """Every mistake of a document, in the order of its parts; an empty list means that it can be published."""
    if not isinstance(document, dict):
        return [Fault("", "must be a JSON object")]
    faults = _fields("", document, _DOCUMENT)
    transfer = document.get("transfer")
    if isinstance(transfer, dict):
        faults += _fields("transfer.", transfer, _TRANSFER)
    lines = document.get("lines")
    if isinstance(lines, dict):
        for number, entry in lines.items():
            faults += _line_faults(number, entry)
    classes = document.get("classes")
    if isinstance(classes, dict):
        for byte, entry in classes.items():
            faults += _class_faults(byte, entry)
    return faults


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
    )


def _fields(place: str, entry: Mapping[str, object], wanted: Mapping[str, Check]) -> list[Fault]:
    faults = [Fault(f"{place}{name}", "is not known here") for name in entry if name not in wanted]
    for name, wrong in wanted.items():
        if name not in entry and name not in _OPTIONAL:
            faults.append(Fault(f"{place}{name}", "is missing"))
        elif name in entry and (message := wrong(entry[name])) is not None:
            faults.append(Fault(f"{place}{name}", message))
    return faults


def _line_faults(number: object, entry: object) -> list[Fault]:
    place = f"lines.{number}"
    digits = isinstance(number, str) and number.isascii() and number.isdigit() and str(int(number)) == number
    faults = [] if digits and 1 <= int(str(number)) <= MAX_LINE else [Fault(place, f"must be named 1 to {MAX_LINE}")]
    if not isinstance(entry, dict):
        return [*faults, Fault(place, "must be an object")]
    return faults + _fields(f"{place}.", entry, {"base_fen": _integer(0, MAX_FEN)})


def _class_faults(byte: object, entry: object) -> list[Fault]:
    place = f"classes.{byte}"
    named = isinstance(byte, str) and len(byte) == CLASS_DIGITS and set(byte) <= set("0123456789ABCDEF")
    faults = [] if named else [Fault(place, "must be named by two hexadecimal digits, 00 to FF")]
    if not isinstance(entry, dict):
        return [*faults, Fault(place, "must be an object")]
    faults += _fields(f"{place}.", entry, _CLASS)
    numerator, denominator = entry.get("numerator"), entry.get("denominator")
    if type(numerator) is int and type(denominator) is int and numerator > denominator:
        faults.append(Fault(f"{place}.numerator", "must not exceed the denominator: a discount is no surcharge"))
    return faults


def _integer(minimum: int, maximum: int) -> Check:
    def wrong(value: object) -> str | None:
        # `type` and not `isinstance`: true is an int to Python and no amount to us.
        if type(value) is int and minimum <= value <= maximum:
            return None
        return f"must be a whole number from {minimum} to {maximum}"

    return wrong


def _one_of(*known: object) -> Check:
    def wrong(value: object) -> str | None:
        found = any(type(value) is type(one) and value == one for one in known)
        return None if found else f"must be {' or '.join(repr(one) for one in known)}"

    return wrong


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _entries(value: object) -> str | None:
    return None if isinstance(value, dict) and value else "must be an object with at least one entry"


def _object_or_none(value: object) -> str | None:
    return None if value is None or isinstance(value, dict) else "must be an object or null"


def _name(value: object) -> str | None:
    usable = isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME_CHARACTERS
    return None if usable else f"must be a text of 1 to {MAX_NAME_CHARACTERS} characters"


def _party(value: object) -> str | None:
    # Part of an account code (owed:sponsor:…), hence the ledger's alphabet without the colon.
    usable = isinstance(value, str) and value.isascii() and value.replace("_", "").replace("-", "").isalnum()
    return None if usable and len(str(value)) <= MAX_NAME_CHARACTERS else "must be letters, digits, _ and - only"


def _instant(value: object) -> str | None:
    wanted = "must be a time in ISO 8601 with its offset, such as 2026-01-01T00:00:00+08:00"
    try:
        instant = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return wanted
    return wanted if instant.tzinfo is None else None


_OPTIONAL: Final = frozenset({"sponsor"})
_DOCUMENT: Final[Mapping[str, Check]] = {
    "format": _one_of(FORMAT),
    "version": _integer(1, MAX_VERSION),
    "effective_from": _instant,
    "rounding": _one_of("half_up"),
    "transfer": _object_or_none,
    "lines": _entries,
    "classes": _entries,
}
_TRANSFER: Final[Mapping[str, Check]] = {
    "window_s": _integer(0, MAX_WINDOW_S),
    "window_inclusive": _flag,
    "anchor": _one_of("previous"),
    "same_line": _flag,
    "reduce_fen": _integer(0, MAX_FEN),
    "order": _one_of(*ORDERS),
    "max_count": _one_of(1),
}
_CLASS: Final[Mapping[str, Check]] = {
    "name": _name,
    "numerator": _integer(0, MAX_DENOMINATOR),
    "denominator": _integer(1, MAX_DENOMINATOR),
    "sponsor": _party,
}
