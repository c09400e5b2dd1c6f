"""The parameters of clearing fit the rest of the city."""

import json
from datetime import timedelta
from importlib.resources import files
from typing import Any

from citizencard.cards.classes import CLASSES
from citizencard.purse.uploads.judge import LIMITS_FEN, NEWEST
from citizencard.settlement.clearing.limits import (
    CLOCKS_DIFFER,
    DAY_LIMIT_FEN,
    OVERDRAFT_FEN,
    TRANSFERS_WITHIN,
)


def _windows(rule: Any) -> list[int]:
    if isinstance(rule, dict):
        own = [rule["minutes"]] if isinstance(rule.get("minutes"), int) and "less" in rule else []
        return own + [minutes for value in rule.values() for minutes in _windows(value)]
    return [minutes for value in rule for minutes in _windows(value)] if isinstance(rule, list) else []


def test_no_shipped_tariff_has_a_longer_transfer_window() -> None:
    """Rides further apart than any window are not compared; a city with longer windows raises the parameter."""
    shipped = [
        path for path in files("citizencard.tariffs").joinpath("shipped").iterdir() if path.name.endswith(".json")
    ]
    windows = [minutes for path in shipped for minutes in _windows(json.loads(path.read_text()))]
    assert windows
    assert timedelta(minutes=max(windows)) <= TRANSFERS_WITHIN


def test_limits_fit_each_other() -> None:
    """Every class has its overdraft, no single tap passes the limit of a day, and clocks that uploads believe are no rollback."""
    assert OVERDRAFT_FEN.keys() == CLASSES.keys()
    assert max(LIMITS_FEN.values()) <= DAY_LIMIT_FEN
    assert CLOCKS_DIFFER > 2 * NEWEST
