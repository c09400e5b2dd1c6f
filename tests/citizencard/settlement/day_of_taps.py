"""Three rides of a day, and tariffs to ask what if about."""

from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_batch, take_records
from tests.citizencard.purse.uploads.make_records import (
    TARIFF,
    City,
    anchored,
    file_of,
    json_of,
    make_city,
    tap,
)


def ride(sessions: Sessions, vault: SoftwareVault, now: datetime) -> City:
    """1.80 and, changing within the hour, 0.80 by an adult, a free one of a senior; one came twice, and a forged one."""
    city = make_city(sessions, now)
    first = tap(city.bus1, city.adult, now - timedelta(minutes=50), 180)
    again = tap(city.bus1, city.senior, now - timedelta(minutes=10), 0)
    forged = replace(tap(city.bus1, city.adult, now, 180), tac=bytes(4))
    second = tap(city.bus2, city.adult, now - timedelta(minutes=20), 80, **anchored(first))
    take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [first, first, forged, again]), now)
    take_records(sessions, vault, city.bus2.terminal_id, json_of(city.bus2, [second]), now)
    return city


def tariff_with(**changes: object) -> dict[str, Any]:
    """The tariff of the day with other parts of `transit`."""
    changed = deepcopy(TARIFF)
    changed["transit"] |= changes
    return changed | {"version": 9}


def dearer_line_1() -> dict[str, Any]:
    """The tariff of the day with 2.50 on line 1."""
    lines = deepcopy(TARIFF["transit"]["lines"])
    lines["1"]["fare"]["flat"] = "2.50"
    return tariff_with(lines=lines)
