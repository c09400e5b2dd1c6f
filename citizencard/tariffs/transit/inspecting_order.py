"""Which concession or transfer rule can never be used, because one before it fits whenever it does."""

from collections.abc import Mapping
from typing import Any, Final

from citizencard.tariffs.precedence import fits_first
from citizencard.tariffs.transit.reading import line_numbers

Entry = Mapping[str, Any]
_LISTS: Final = ("classes", "modes", "operators")
_LEG_LISTS: Final = ("modes", "operators")
_COUNTED: Final = ("most_in_a_row", "most_a_day")
"""A rule that is used up leaves the ride to the next one."""


def concession_covers(earlier: Entry, later: Entry) -> bool:
    """Whether a concession fits whenever a later one does."""
    return fits_first(earlier, later, _LISTS) and _lines_covered(earlier, later)


def transfer_covers(earlier: Entry, later: Entry) -> bool:
    """Whether a transfer rule fits whenever a later one does: rides, earlier rides, and window."""
    if not earlier.keys().isdisjoint(_COUNTED) or not fits_first(earlier, later, ("classes",)):
        return False
    legs = ((earlier.get(leg, {}), later.get(leg, {})) for leg in ("from", "to"))
    if not all(fits_first(one, other, _LEG_LISTS) and _lines_covered(one, other) for one, other in legs):
        return False
    if later.get("same_line", False) and not earlier.get("same_line", False):
        return False
    return _counts_alike(earlier, later) and _window_covered(earlier, later)


def _counts_alike(earlier: Entry, later: Entry) -> bool:
    """Whether both windows count from the same ride."""
    return bool(earlier.get("counts_from", "previous") == later.get("counts_from", "previous"))


def _window_covered(earlier: Entry, later: Entry) -> bool:
    if "minutes_when" in earlier or "minutes_when" in later:
        return False
    if earlier["minutes"] == later["minutes"]:
        return bool(earlier.get("last_second_counts", True) or not later.get("last_second_counts", True))
    return bool(earlier["minutes"] > later["minutes"])


def _lines_covered(earlier: Entry, later: Entry) -> bool:
    """Whether each range of the later one lies in a range of the earlier one."""
    if "lines" not in earlier:
        return True
    wide = [line_numbers(text) for text in earlier["lines"]]
    return "lines" in later and all(
        any(one.start <= numbers.start and numbers.stop <= one.stop for one in wide)
        for numbers in map(line_numbers, later["lines"])
    )
