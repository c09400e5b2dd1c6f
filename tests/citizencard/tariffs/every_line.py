"""A city and its events in which every kind of line of every explanation comes up."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from citizencard.tariffs.document import Tariff, read
from citizencard.tariffs.events.pricing import Outcome, price_events
from citizencard.tariffs.events.reading import read_events

FOLDER: Final = Path(__file__).parent
DOCUMENT: Final[dict[str, Any]] = json.loads((FOLDER / "every_line.json").read_text())
EVENTS: Final[list[dict[str, Any]]] = json.loads((FOLDER / "every_line.events.json").read_text())


def ride(card: str, class_byte: str, line: int, clock: str, **fields: object) -> dict[str, Any]:
    """A ride of 2 March 2026."""
    return {
        "kind": "ride",
        "card": card,
        "class": class_byte,
        "line": line,
        "at": f"2026-03-02T{clock}+08:00",
        **fields,
    }


def stay(lot: str, clock: str, until: str, **fields: object) -> dict[str, Any]:
    """A stay that begins on 2 March 2026."""
    return {
        "kind": "stay",
        "lot": lot,
        "entered_at": f"2026-03-02T{clock}+08:00",
        "left_at": f"2026-03-{until}+08:00",
        **fields,
    }


def bill(utility: str, **fields: object) -> dict[str, Any]:
    """A bill of March 2026."""
    return {"kind": "bill", "utility": utility, "from": "2026-03-01", "to": "2026-03-31", **fields}


def priced() -> tuple[Tariff, list[Outcome]]:
    """The tariff, and what became of the events."""
    tariff = read(DOCUMENT)
    return tariff, price_events(tariff, read_events(EVENTS, tariff.money))


def lines() -> Iterator[Any]:
    """Every line of every quote."""
    for outcome in priced()[1]:
        if outcome.quote is not None:
            yield from outcome.quote.lines
