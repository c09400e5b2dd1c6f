"""Rules of a list of which the first that fits is used: one that can never be the first is named.

Only what is certain counts: an earlier entry that holds whenever the later one does, for all that the later one is for.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from citizencard.tariffs.checks import Inspection

Entry = Mapping[str, Any]


def never_used(inspection: Inspection, place: str, entries: object, covers: Callable[[Entry, Entry], bool]) -> None:
    """Name each entry that an earlier one always comes before.

    Args:
        inspection: takes the mistakes; entries in which something is wrong are passed over.
        place: of the list in the document.
        entries: the list; it may be of any form.
        covers: whether the first entry fits whenever the second one does.
    """
    listed = f"{place.rpartition('.')[2]}."
    sound = list(inspection.entries(place, entries))
    for index, (here, later) in enumerate(sound):
        before = next((at for at, earlier in sound[:index] if covers(earlier, later)), None)
        if before is not None:
            inspection.add(here, f"is never used: {listed}{before.rpartition('.')[2]} fits first")


def fits_first(
    earlier: Entry, later: Entry, fields: Sequence[str] = (), everybody: Sequence[str | None] | None = None
) -> bool:
    """Whether an entry holds at all times of a later one, for all that the later one names in these lists.

    Args:
        earlier: the one that comes first, without mistakes of form; a list that is left out means all.
        later: the other one, likewise.
        fields: names of such lists.
        everybody: the vehicles of the rule, when `vehicles` is such a list too.
    """
    if "when" in earlier and earlier["when"] != later.get("when"):
        return False
    if everybody is not None and not set(later.get("vehicles", everybody)) <= set(earlier.get("vehicles", everybody)):
        return False
    return all(name not in earlier or (name in later and set(later[name]) <= set(earlier[name])) for name in fields)
