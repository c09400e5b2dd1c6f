"""Events that come behind one without a price: their own price may be another when that one is mended."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from citizencard.tariffs.events.reading import Event
from citizencard.tariffs.events.rides import ACTS, CARD

HOUSEHOLD: Final = "account"
"""What a household is called that the file does not name."""


def behind_unpriced(events: Sequence[Event], unpriced: Collection[int]) -> Mapping[int, Event]:
    """For each event that has a price: the first event without one that comes before it, if there is any.

    Rides, passes and what a card brings along come one after the other by their times, an event whose time cannot be read by its place in
    the file; bills of a household come in the order of the file.

    Args:
        events: all of a file, by number.
        unpriced: numbers of those that could not be priced.
    """
    found: dict[int, Event] = {}
    first: dict[tuple[object, ...], Event] = {}
    timed = [(at, event) for event in events if (at := _at(event)) is not None]
    untimed = [event for event in events if _at(event) is None]
    for event in (*(event for _, event in sorted(timed, key=lambda pair: pair[0])), *untimed):
        key = _key(event)
        if key is None:
            continue
        if event.number in unpriced:
            first.setdefault(key, event)
        elif key in first:
            found[event.number] = first[key]
    return _by_place(events, unpriced, found)


def _by_place(events: Sequence[Event], unpriced: Collection[int], found: dict[int, Event]) -> Mapping[int, Event]:
    """The rides that stand in the file behind one whose time cannot be read."""
    lost: dict[tuple[object, ...], Event] = {}
    for event in events:
        key = _key(event)
        if key is not None and event.number in unpriced and _at(event) is None:
            lost.setdefault(key, event)
        elif key in lost and event.number not in unpriced:
            found.setdefault(event.number, lost[key])
    return found


def _key(event: Event) -> tuple[object, ...] | None:
    """Whose history an event is part of; None: nobody's."""
    fields = event.fields
    if event.kind in ACTS:
        return "card", str(fields.get("card", CARD))
    if event.kind == "bill":
        return "bill", str(fields.get("account", HOUSEHOLD)), str(fields.get("utility"))
    return None


def _at(event: Event) -> datetime | None:
    """When a ride or what belongs to it was; None for other events, and where it cannot be read."""
    text = event.fields.get("at")
    if event.kind not in ACTS or not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else at
