"""Every mistake of a document with its place: first its form, by the published schema, then what no schema can say."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from citizencard.tariffs.strict import strict_validator, too_deep

MAX_FAULTS: Final = 200
"""More mistakes than that are not named one by one."""
MAX_NAME: Final = 60
MAX_PLACE: Final = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in a document.

    Args:
        place: where, as a path such as `transit.concessions.0.pays`; empty for the document itself.
        message: what must be there instead.
    """

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place or 'document'}: {self.message}"


class Inspection:
    """The mistakes found so far; checks of meaning skip what has a mistake of form, and add their own."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults: list[Fault] = []
        self._touched: set[str] = set()
        for fault in faults:
            self.add(fault.place, fault.message)

    @property
    def full(self) -> bool:
        """Whether there may be mistakes of form beyond those that are named: then nothing can be relied on as sound."""
        return len(self.faults) >= MAX_FAULTS

    def sound(self, place: str) -> bool:
        """Whether nothing at or below a place is wrong, so that it can be read."""
        return place not in self._touched

    def fields(self, place: str, entry: object) -> Mapping[str, Any]:
        """The fields of an object at and below which nothing is wrong; none of what is no object."""
        found = entry if isinstance(entry, dict) else {}
        return {name: value for name, value in found.items() if self.sound(f"{place}.{name}")}

    def entries(self, place: str, entries: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The objects of a list, or of an object by name, at and below which nothing is wrong, with their places."""
        listed = enumerate(entries) if isinstance(entries, list) else ()
        for key, entry in entries.items() if isinstance(entries, dict) else listed:
            here = f"{place}.{key}"
            if isinstance(entry, dict) and self.sound(here):
                yield here, entry

    def add(self, place: str, message: str) -> None:
        """Name a mistake."""
        self.faults.append(Fault(place, message))
        while place not in self._touched:
            self._touched.add(place)
            place = place.rpartition(".")[0]

    def explain(self, place: str, more: str) -> None:
        """Say more about the mistakes at a place."""
        self.faults = [
            replace(fault, message=f"{fault.message}; {more}") if fault.place == place else fault
            for fault in self.faults
        ]

    def found(self) -> list[Fault]:
        """The mistakes as people and programs are told them."""
        return [Fault(shown(fault.place), fault.message) for fault in self.faults]

    def exactly_one_of(self, place: str, entry: Mapping[str, object], names: tuple[str, ...]) -> None:
        """Name the mistake when an object has none or several of these fields."""
        found = [name for name in names if name in entry]
        if len(found) != 1:
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            self.add(place, f"must have exactly one of {listed}, has {' and '.join(found) if found else 'none'}")


@cache
def schema(name: str = "tariff") -> dict[str, Any]:
    """A published schema: `tariff` or `events` (the file NAME.schema.json beside this one)."""
    text = files("citizencard.tariffs").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def form_faults(document: object, name: str = "tariff", kind: str | None = None) -> list[Fault]:
    """The mistakes of form, in the order of the document, each place once.

    Args:
        document: what is checked.
        name: of the published schema.
        kind: the definition in it that the document follows; None: the schema itself.
    """
    if too_deep(document):
        return [Fault("", "must not be nested so deeply")]
    faults: dict[str, Fault] = {}
    value: Any = document
    for error in _validator(name, kind).iter_errors(value):
        for fault in _told(error):
            faults.setdefault(fault.place, fault)
        if len(faults) >= MAX_FAULTS:
            break
    return list(faults.values())


@cache
def _validator(name: str, kind: str | None) -> Validator:
    whole = schema(name)
    return strict_validator(whole if kind is None else {"$ref": f"#/$defs/{kind}", "$defs": whole["$defs"]})


def _told(error: ValidationError) -> Iterator[Fault]:
    """An error of the library in our words: what must be there is the description of the schema that failed."""
    place = ".".join(str(part) for part in error.absolute_path)
    below = f"{place}." if place else ""
    wanted = error.schema if isinstance(error.schema, dict) else {}
    found: Any = error.instance
    if error.validator == "required":
        yield from (Fault(f"{below}{name}", "is missing") for name in wanted["required"] if name not in found)
    elif error.validator == "additionalProperties":
        known = list(wanted["properties"])
        for name in found:
            if name not in known:
                near = get_close_matches(name[:MAX_NAME], known, n=1)
                yield Fault(f"{below}{name}", f"is not known here; {near[0]} is" if near else _listed(known))
    elif "propertyNames" in error.schema_path:
        yield Fault(f"{below}{found}", f"must be named by {wanted['description']}")
    else:
        yield Fault(place, f"must be {wanted['description']}")


def _listed(known: list[str]) -> str:
    return f"is not known here; known are {', '.join(name for name in known if name != '$schema')}"


def shown(place: str) -> str:
    """A place for people: what cannot be printed is escaped, and what nobody would read to the end is shortened."""
    return (place if place.isprintable() else json.dumps(place)[1:-1])[:MAX_PLACE]
