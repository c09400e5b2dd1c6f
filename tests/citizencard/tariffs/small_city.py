"""The tariff of a small city, for tests about its life and not about its prices."""

from copy import deepcopy
from datetime import datetime
from typing import Any, Final

DOCUMENT: Final[dict[str, Any]] = {
    "format": 2,
    "name": "fares of a small city",
    "version": 3,
    "effective_from": "2026-01-01T00:00:00+08:00",
    "currency": "CNY",
    "source": {"page": "made for tests", "grade": "A", "date": "2026-01"},
    "transit": {
        "classes": {"01": {"name": "adult"}, "03": {"name": "senior70"}},
        "modes": {"bus": {}},
        "lines": {"1": {"mode": "bus", "fare": {"flat": "2.00"}}, "2": {"mode": "bus", "fare": {"flat": "2.00"}}},
        "concessions": [
            {"name": "card", "classes": ["01"], "pays": "0.9", "sponsor": "transport_bureau"},
            {"name": "old_age", "classes": ["03"], "pays": "0", "sponsor": "transport_bureau"},
        ],
        "transfers": [{"name": "change", "minutes": 60, "less": "1.00", "most_in_a_row": 1}],
    },
}


def document(version: int, effective_from: datetime, fare: str = "2.00") -> dict[str, Any]:
    """The tariff under a number, from an instant on, with another fare on line 1."""
    changed = deepcopy(DOCUMENT)
    changed["transit"]["lines"]["1"]["fare"]["flat"] = fare
    return changed | {"version": version, "effective_from": effective_from.isoformat(timespec="seconds")}
