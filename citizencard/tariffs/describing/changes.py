"""What a new tariff changes, by meaning: what rides cost before and after, which rules say something else, and what is left."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from citizencard.tariffs.describing.describe import describe, speaker_of
from citizencard.tariffs.describing.line_prices import LineGroup, label, line_groups, shown_price
from citizencard.tariffs.describing.phrases import Entry, Speaker, class_name
from citizencard.tariffs.describing.rides import fare_text
from citizencard.tariffs.describing.sections import Section
from citizencard.tariffs.differences import Difference, differences
from citizencard.tariffs.document import Tariff, read
from citizencard.tariffs.sentences import Language

FARES: Final = "transit.lines"
FULL: Final = "full"


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What lines cost before and after.

    Args:
        lines: their numbers, such as `1-20`.
        who: title and byte of a card class, or the words for the full fare.
        before, after: as `show` prints them; None: there was no such line or class, or there is none any more.
    """

    lines: str
    who: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule before and after, as sentences.

    Args:
        key: what it is known by in both documents.
        place: where it stands, as `check` names it; in the new document, or in the old one for what is taken out.
        before, after: None: there was none, or there is none any more.
    """

    key: str
    place: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a document changes.

    Args:
        versions: of both documents.
        prices: what rides cost.
        rules: everything that `show` has a sentence for.
        others: places that differ besides, such as names and titles.
    """

    versions: tuple[int, int]
    prices: Sequence[PriceChange]
    rules: Sequence[RuleChange]
    others: Sequence[Difference]


def changes(before: Entry, after: Entry, language: Language) -> Changes:
    """What is different in the second of two documents; empty when both mean the same.

    Raises:
        TariffInvalid: one of them has mistakes.
    """
    old, new = read(before), read(after)
    prices = list(_price_changes(_Lines(before, old, language), _Lines(after, new, language)))
    rules = list(_rule_changes((before, describe(before, language)), (after, describe(after, language))))
    said = {_list_of(change.key) for change in rules} | ({FARES} if prices else set())
    others = [one for one in differences(before, after) if not _is_said(one.place, said)]
    return Changes((old.version, new.version), prices, rules, others)


def _is_said(place: str, said: Collection[str]) -> bool:
    """Whether sentences or prices tell what is different at a place: of its list or rule, or of those that a whole part holds."""
    return _list_of(place) in said or any(one.startswith(f"{place}.") for one in said)


class _Lines:
    """The lines of a document, with what each costs in words."""

    def __init__(self, document: Entry, tariff: Tariff, language: Language) -> None:
        speaker = speaker_of(document, tariff, language)
        part = document.get("transit", {})
        self.names = {FULL: speaker.say("全价", "full fare")}
        self.names |= {byte: class_name(byte, part["classes"]) for byte in part.get("classes", {})}
        groups = line_groups(tariff.transit) if tariff.transit is not None else []
        self.told = [self._told(group, part, speaker) for group in groups]
        self.group_of = {number: index for index, group in enumerate(groups) for number in group.numbers}

    def _told(self, group: LineGroup, part: Entry, speaker: Speaker) -> dict[str, str]:
        entry = part["lines"][group.line.place.removeprefix(f"{FARES}.")]
        told = {FULL: fare_text(entry["fare"], speaker)}
        for byte, price in group.prices.items():
            told[f"{byte:02X}"] = shown_price(price, speaker.money)
        return told

    def prices(self, number: int) -> tuple[int | None, Mapping[str, str]]:
        """The group of a line, and what it costs; None and nothing when there is no such line."""
        index = self.group_of.get(number)
        return index, {} if index is None else self.told[index]


def _price_changes(old: _Lines, new: _Lines) -> Iterator[PriceChange]:
    """Lines with the same groups before and after change alike: they are compared once, and told together."""
    pairs: dict[tuple[int | None, int | None], list[int]] = {}
    for number in sorted(old.group_of.keys() | new.group_of.keys()):
        pairs.setdefault((old.prices(number)[0], new.prices(number)[0]), []).append(number)
    for numbers in pairs.values():
        before, after = old.prices(numbers[0])[1], new.prices(numbers[0])[1]
        lines = label(numbers)
        for who in dict.fromkeys((*before, *after)):
            if before.get(who) != after.get(who):
                yield PriceChange(lines, new.names.get(who) or old.names[who], before.get(who), after.get(who))


Described = tuple[Entry, Sequence[Section]]


def _rule_changes(old: Described, new: Described) -> Iterator[RuleChange]:
    before, after = _by_key(old[1]), _by_key(new[1])
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            place = place_of(key, new[0] if key in after else old[0])
            yield RuleChange(key, place, before.get(key), after.get(key))


def place_of(key: str, document: Entry) -> str:
    """Where a rule that is known by a key stands in a document, as `check` names it: by its number in its list, not by its name."""
    names, _, count = key.removesuffix(")").partition(" (")
    place: list[str] = []
    here: Any = document
    for name in names.split("."):
        step = _step(here, name, int(count or 1))
        if step is None:
            break
        place.append(str(step))
        here = here[step]
    return ".".join(place) or names


def _step(here: object, name: str, count: int) -> str | int | None:
    """The field or the number of the entry that a name means; None: there is none of that name."""
    if isinstance(here, Mapping):
        return name if name in here else None
    if not isinstance(here, list):
        return None
    names = [str(one.get("name", index) if isinstance(one, Mapping) else index) for index, one in enumerate(here)]
    meant = [index for index, one in enumerate(names) if one == name]
    return meant[min(count, len(meant)) - 1] if meant else None


def _by_key(sections: Sequence[Section]) -> dict[str, str]:
    """Sentences by key; of several rules of one name each has its number."""
    found: dict[str, str] = {}
    for statement in (statement for section in sections for statement in section.statements):
        key, count = statement.key, 1
        while key in found:
            count += 1
            key = f"{statement.key} ({count})"
        found[key] = statement.text
    return found


def _list_of(place: str) -> str:
    """The list or rule that a place lies in: `transit.concessions`, `parking.street`, `source`."""
    parts = place.split(".")
    return ".".join(parts[:2]) if parts[0] not in ("source", "notes") else parts[0]
