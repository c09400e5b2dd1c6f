"""Rules for tests: a fragment of a document, checked as a whole document is, and read."""

import json
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any, Final

import citizencard.tariffs
from citizencard.tariffs.document import Tariff, check, read

SHIPPED: Final = Path(citizencard.tariffs.__file__).parent / "shipped"
OFFSET: Final = timezone(timedelta(hours=8))
EIGHT: Final = datetime(2026, 11, 21, 8, 0, tzinfo=OFFSET)
"""A Saturday."""


def document(part: str, rule: object) -> dict[str, Any]:
    """A whole document with one rule, named `x`."""
    return {
        "format": 2,
        "name": "test",
        "version": 1,
        "effective_from": "2026-01-01T00:00:00+08:00",
        "currency": "CNY",
        "source": {"page": "made up for a test", "grade": "K", "date": "2026", "sample": True},
        part: {"x": rule},
    }


def tariff(part: str, rule: object) -> Tariff:
    """The tariff of such a document, which must have no mistakes."""
    return read(document(part, rule))


def faults(part: str, rule: object) -> list[tuple[str, str]]:
    """The mistakes of a rule, as places below it and messages."""
    return [(fault.place.removeprefix(f"{part}.x."), fault.message) for fault in check(document(part, rule))]


@cache
def shipped(name: str) -> Tariff:
    """A tariff of citizencard/tariffs/shipped/."""
    return read(json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8")))


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
