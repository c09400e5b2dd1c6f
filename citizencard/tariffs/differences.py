"""What changes between two tariff documents, place by place, for the person who is to agree to it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Any, Final

MAX_DIFFERENCES: Final = 500
"""More are not named one by one."""
MAX_ALIGNED: Final = 1_000
"""Longer lists are compared entry by entry: aligning them would take too long."""
NOTHING: Final = None
NOT_COMPARED: Final = frozenset({"$schema", "format", "version", "effective_from"})
"""Of the document itself: a version and its time are told apart from what it says."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A place that says something else.

    Args:
        place: where, as `check` names it; in the new document, or in the old one for what is taken out.
        before, after: what stands there; None: nothing.
    """

    place: str
    before: Any = NOTHING
    after: Any = NOTHING


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What one document says that the other does not, at most 500 places, in the order of the new document."""
    old = {name: part for name, part in before.items() if name not in NOT_COMPARED}
    new = {name: part for name, part in after.items() if name not in NOT_COMPARED}
    return list(islice(_differences("", old, new), MAX_DIFFERENCES))


def _differences(place: str, before: Any, after: Any) -> Iterator[Difference]:  # noqa: ANN401 # any part of a document
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in (*after, *(name for name in before if name not in after)):
            yield from _differences(f"{place}.{name}" if place else name, before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_lists(place, before, after)
    else:
        yield Difference(place, before, after)


def _in_lists(place: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Difference]:
    """Entries that stayed are found wherever they moved to; those between them are compared in pairs."""
    for old, new in _blocks(before, after):
        for index in range(max(len(old), len(new))):
            was = before[old[index]] if index < len(old) else NOTHING
            here = after[new[index]] if index < len(new) else NOTHING
            number = new[index] if index < len(new) else old[index]
            yield from _differences(f"{place}.{number}", was, here)


def _blocks(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[range, range]]:
    if max(len(before), len(after)) > MAX_ALIGNED:
        yield range(len(before)), range(len(after))
        return
    texts = [[json.dumps(entry, sort_keys=True) for entry in entries] for entries in (before, after)]
    matcher = SequenceMatcher(None, texts[0], texts[1], autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag != "equal":
            yield range(old_from, old_to), range(new_from, new_to)
