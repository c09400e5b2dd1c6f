"""The mistakes of the part `transit` that no schema can say: what is named must exist and be named once, what is counted must rise."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.checks import Inspection
from citizencard.tariffs.precedence import never_used
from citizencard.tariffs.transit.inspecting_lines import LineNumbers, inspect_lines
from citizencard.tariffs.transit.inspecting_order import concession_covers, transfer_covers

REDUCTIONS: Final = ("pays", "less", "costs")
_REDUCING: Final = ("concessions", "transfers")
_LISTS: Final = ("concessions", "transfers", "bands", "ride_counts", "lifetime", "caps")


def inspect(inspection: Inspection, place: str, part: Mapping[str, Any], money: Money) -> None:
    """Name every mistake of meaning; what has a mistake of form is passed over.

    Args:
        inspection: with the mistakes of form.
        place: of the part in the document.
        part: the part; it may have mistakes of any form.
        money: the document's currency.
    """
    del (
        money
    )  # no check of rides depends on it: that amounts have no part of a minor unit is checked wherever amounts stand
    if inspection.full:
        return
    if inspection.sound(f"{place}.day_starts") and part.get("day_starts") == "24:00":
        inspection.add(f"{place}.day_starts", "must be before 24:00: an operating day begins on its own date")
    _Inspector(inspection, place, part).inspect()


class _Inspector:
    """The checks of one document's part."""

    def __init__(self, inspection: Inspection, place: str, part: Mapping[str, Any]) -> None:
        self._inspection, self._place, self._part = inspection, place, part
        self._classes, self._modes, lines = (_mapping(part.get(name)) for name in ("classes", "modes", "lines"))
        self._operators = frozenset(
            line["operator"]
            for line in lines.values()
            if isinstance(line, dict) and isinstance(line.get("operator"), str)
        )
        self._numbers = LineNumbers(lines)
        self._named: dict[str, str] = {}

    def inspect(self) -> None:
        """Every check; each looks only at what has no mistake of form."""
        inspect_lines(self._inspection, f"{self._place}.lines", self._part.get("lines"), self._modes)
        for kind in (*_LISTS, "passes"):
            for place, entry in self._entries(kind):
                if self._inspection.full:
                    return
                self._inspect_rule(kind, place, entry)
        self._inspect_order()
        self._inspect_scope(f"{self._place}.companions", _mapping(self._part.get("companions")))

    def _inspect_order(self) -> None:
        """Of concessions and transfer rules the first that fits is used."""
        for kind, covers in (("concessions", concession_covers), ("transfers", transfer_covers)):
            never_used(self._inspection, f"{self._place}.{kind}", self._part.get(kind), covers)

    def _entries(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The rules of a list, or of the object of passes, with their places."""
        entries = self._part.get(kind)
        numbered: Iterable[tuple[object, object]] = ()
        if kind in _LISTS:
            numbered = enumerate(entries) if isinstance(entries, list) else ()
        elif isinstance(entries, dict):
            numbered = entries.items()
        for key, entry in numbered:
            if isinstance(entry, dict):
                yield f"{self._place}.{kind}.{key}", entry

    def _inspect_rule(self, kind: str, place: str, entry: Mapping[str, Any]) -> None:
        self._inspect_name(place, place.rpartition(".")[2] if kind == "passes" else entry.get("name"), kind)
        self._inspect_scope(place, entry)
        # Where none is there and a field is misspelt, the misspelt one is named already.
        if kind in _REDUCING and (self._inspection.sound(place) or not entry.keys().isdisjoint(REDUCTIONS)):
            self._inspection.exactly_one_of(place, entry, REDUCTIONS)
        for leg in ("from", "to"):
            self._inspect_scope(f"{place}.{leg}", _mapping(entry.get(leg)))
        if kind == "bands" and self._inspection.sound(f"{place}.steps") and "steps" in entry:
            self._inspect_bands(place, entry["steps"])

    def _inspect_name(self, place: str, name: object, kind: str) -> None:
        """Explanations, adjustments and totals that are carried on name rules: one name, one rule."""
        if not isinstance(name, str):
            return
        where = place if kind == "passes" else f"{place}.name"
        if name in self._named:
            self._inspection.add(where, f"must be a name of its own: {self._named[name]} has it already")
        else:
            self._named[name] = place

    def _inspect_scope(self, place: str, entry: Mapping[str, Any]) -> None:
        """Classes, modes, operators and lines that a rule names must exist."""
        known: tuple[tuple[str, str, Mapping[str, Any] | frozenset[str]], ...] = (
            ("classes", "a class", self._classes),
            ("modes", "a mode", self._modes),
            ("operators", "an operator of lines", self._operators),
        )
        for field, what, names in known:
            for at, name in self._texts(place, entry, field):
                if name not in names:
                    self._inspection.add(at, f"must be {what} of this tariff: there is no {name}")
        for at, text in self._texts(place, entry, "lines"):
            message = self._numbers.mistake(text)
            if message is not None:
                self._inspection.add(at, message)

    def _texts(self, place: str, entry: Mapping[str, Any], field: str) -> Iterator[tuple[str, str]]:
        """The texts of a list that have no mistake of form, with their places."""
        texts = entry.get(field)
        for index, text in enumerate(texts if isinstance(texts, list) else ()):
            at = f"{place}.{field}.{index}"
            if isinstance(text, str) and self._inspection.sound(at):
                yield at, text

    def _inspect_bands(self, place: str, steps: list[Mapping[str, str]]) -> None:
        for index in range(1, len(steps)):
            if Fraction(steps[index]["above"]) <= Fraction(steps[index - 1]["above"]):
                self._inspection.add(f"{place}.steps.{index}.above", "must be more than above of the step before")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
