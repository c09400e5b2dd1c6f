"""Concessions and transfer rules that an earlier one always comes before."""

from typing import Any

import pytest

from tests.citizencard.tariffs.transit.make_rides import faults

HOURS = {"hours": {"from": "07:00", "until": "09:00"}}


def unused(kind: str, earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    """Whether the second rule, and nothing else, is named."""
    every: dict[str, Any] = {"pays": "0.9"} if kind == "concessions" else {"minutes": 60, "less": "1.00"}
    found = faults(**{kind: [{**every, **earlier}, {**every, **later}]})
    assert found in ([], [(f"{kind}.1", f"is never used: {kind}.0 fits first")])
    return bool(found)


@pytest.mark.parametrize(
    ("earlier", "later", "said"),
    [
        ({}, {"classes": ["01"]}, True),
        ({"classes": ["01"]}, {}, False),
        ({"modes": ["bus"]}, {"modes": ["bus"], "when": HOURS}, True),
        ({"modes": ["bus"]}, {"classes": ["01"]}, False),
        ({"lines": ["1-2"]}, {"lines": ["2"]}, True),
        ({"lines": ["1", "2"]}, {"lines": ["1-2"]}, False),
        ({"lines": ["1"]}, {}, False),
        ({"when": HOURS}, {"when": HOURS}, True),
        ({"when": HOURS}, {}, False),
    ],
)
def test_concessions(earlier: dict[str, Any], later: dict[str, Any], said: bool) -> None:
    """A half fare below the full one for everybody would never be given to anybody."""
    assert unused("concessions", earlier, later) is said


@pytest.mark.parametrize(
    ("earlier", "later", "said"),
    [
        ({}, {"classes": ["01"], "from": {"modes": ["bus"]}, "to": {"lines": ["1"]}}, True),
        ({"minutes": 90}, {"last_second_counts": True}, True),
        ({"minutes": 30}, {}, False),
        ({"last_second_counts": False}, {}, False),
        ({"from": {"modes": ["bus"]}}, {}, False),
        ({"to": {"lines": ["1-2"]}}, {"to": {"lines": ["2"]}}, True),
        ({}, {"same_line": True}, False),
        ({"same_line": True}, {}, True),
        ({"most_a_day": 3}, {}, False),
        ({"most_in_a_row": 1}, {}, False),
        ({}, {"most_in_a_row": 1}, True),
        ({"counts_from": "first"}, {}, False),
        ({}, {"minutes_when": [{"when": HOURS, "minutes": 120}]}, False),
    ],
)
def test_transfers(earlier: dict[str, Any], later: dict[str, Any], said: bool) -> None:
    """Rides, earlier rides, window and counts: a rule is named only when all of them leave nothing for it."""
    assert unused("transfers", earlier, later) is said
