"""The small checks that a tariff document is made of: each says what must be there instead, and each mistake has its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

MAX_FEN: Final = 100_000
MAX_NAME_CHARACTERS: Final = 60
MAX_SOURCE_CHARACTERS: Final = 300
MAX_RULES: Final = 500
"""Lots or utilities in one document."""

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


def check_fields(
    place: str, entry: Mapping[str, object], wanted: Mapping[str, Check], optional: frozenset[str] = frozenset()
) -> list[Fault]:
    """Hold the fields of an object to their checks; unknown and missing ones are mistakes.

    Args:
        place: put before each name, with its dot; empty for the document itself.
        entry: the object.
        wanted: check by name.
        optional: names that may be left out.
    """
    faults = [Fault(f"{place}{name}", "is not known here") for name in entry if name not in wanted]
    for name, wrong in wanted.items():
        if name not in entry and name not in optional:
            faults.append(Fault(f"{place}{name}", "is missing"))
        elif name in entry and (message := wrong(entry[name])) is not None:
            faults.append(Fault(f"{place}{name}", message))
    return faults


def check_rules(
    part: str, rules: object, check_rule: Callable[[str, Mapping[str, object]], list[Fault]]
) -> list[Fault]:
    """Check a part of the document that holds rules by name, each by `check_rule(place with its dot, rule)`.

    A part that is no object was named by its own check already.
    """
    if not isinstance(rules, dict):
        return []
    faults: list[Fault] = []
    if len(rules) > MAX_RULES:
        return [Fault(part, f"must have at most {MAX_RULES} entries")]
    for name, rule in rules.items():
        place = f"{part}.{name}"
        if (message := a_party(name)) is not None:
            faults.append(Fault(place, f"must be named by {message.removeprefix('must be ')}"))
        faults += check_rule(f"{place}.", rule) if isinstance(rule, dict) else [Fault(place, "must be an object")]
    return faults


def an_integer(minimum: int, maximum: int) -> Check:
    """A whole number within bounds; true is none."""

    def wrong(value: object) -> str | None:
        # `type` and not `isinstance`: true is an int to Python and no amount to us.
        if type(value) is int and minimum <= value <= maximum:
            return None
        return f"must be a whole number from {minimum} to {maximum}"

    return wrong


def one_of(*known: object) -> Check:
    """Exactly one of these values."""

    def wrong(value: object) -> str | None:
        found = any(type(value) is type(one) and value == one for one in known)
        return None if found else f"must be {' or '.join(repr(one) for one in known)}"

    return wrong


def a_flag(value: object) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "must be true or false"


def some_entries(value: object) -> str | None:
    """An object that is not empty."""
    return None if isinstance(value, dict) and value else "must be an object with at least one entry"


def an_object(value: object) -> str | None:
    """An object."""
    return None if isinstance(value, dict) else "must be an object"


def an_object_or_none(value: object) -> str | None:
    """An object or null."""
    return None if value is None or isinstance(value, dict) else "must be an object or null"


def a_list(maximum: int, minimum: int = 0) -> Check:
    """A list of so many entries."""

    def wrong(value: object) -> str | None:
        fits = isinstance(value, list) and minimum <= len(value) <= maximum
        return None if fits else f"must be a list of {minimum} to {maximum} entries"

    return wrong


def a_text(maximum: int) -> Check:
    """A text that says something, of at most so many characters."""

    def wrong(value: object) -> str | None:
        usable = isinstance(value, str) and 0 < len(value.strip()) <= maximum
        return None if usable else f"must be a text of 1 to {maximum} characters"

    return wrong


def a_party(value: object) -> str | None:
    """A name that can be part of an account code or a reference, hence the ledger's alphabet without the colon."""
    usable = isinstance(value, str) and value.isascii() and value.replace("_", "").replace("-", "").isalnum()
    return None if usable and len(str(value)) <= MAX_NAME_CHARACTERS else "must be letters, digits, _ and - only"


def an_instant(value: object) -> str | None:
    """A time in ISO 8601 with its offset."""
    wanted = "must be a time in ISO 8601 with its offset, such as 2026-01-01T00:00:00+08:00"
    try:
        instant = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return wanted
    return wanted if instant.tzinfo is None else None
