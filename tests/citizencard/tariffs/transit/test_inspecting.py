"""Mistakes of meaning in rules about rides: each is named with its place, all at once, and sound documents have none."""

from typing import Any

import pytest

from citizencard.tariffs.document import check
from tests.citizencard.tariffs.transit.make_rides import document, faults

BANDS: dict[str, Any] = {"name": "b", "period": "day", "of": "paid"}
NO_LINE = "must name lines of this tariff: there is none of"


@pytest.mark.parametrize(
    ("rules", "place", "message"),
    [
        ({"day_starts": "24:00"}, "day_starts", "must be before 24:00: an operating day begins on its own date"),
        (
            {"concessions": [{"classes": ["01", "7F"], "pays": "1"}]},
            "concessions.0.classes.1",
            "must be a class of this tariff: there is no 7F",
        ),
        (
            {"concessions": [{"modes": ["ferry"], "pays": "1"}]},
            "concessions.0.modes.0",
            "must be a mode of this tariff: there is no ferry",
        ),
        (
            {"bands": [{"name": "b", "operators": ["tram"], "period": "day", "of": "paid", "steps": [{"above": "0", "pays": "1"}]}]},
            "bands.0.operators.0",
            "must be an operator of lines of this tariff: there is no tram",
        ),
        ({"caps": [{"name": "c", "lines": ["1", "100"], "period": "day", "most": "1"}]}, "caps.0.lines.1", f"{NO_LINE} 100"),
        ({"passes": {"p": {"lines": ["100-800"], "period": "day", "price": "1"}}}, "passes.p.lines.0", f"{NO_LINE} 100-800"),
        (
            {"ride_counts": [{"name": "r", "lines": ["9-3"], "period": "day", "after": 1}]},
            "ride_counts.0.lines.0",
            "must begin with the lower number: 3-9",
        ),
        (
            {"lifetime": [{"name": "l", "lines": ["1-65536"], "rides_a_year": 1, "years": 1}]},
            "lifetime.0.lines.0",
            "must end at 65535 or below",
        ),
        (
            {"transfers": [{"minutes": 9, "less": "1", "from": {"modes": ["ferry"]}}]},
            "transfers.0.from.modes.0",
            "must be a mode of this tariff: there is no ferry",
        ),
        (
            {"transfers": [{"minutes": 9, "less": "1", "to": {"lines": ["700"]}}]},
            "transfers.0.to.lines.0",
            f"{NO_LINE} 700",
        ),
        ({"transfers": [{"minutes": 9}]}, "transfers.0", "must have exactly one of pays, less and costs, has none"),
        (
            {"concessions": [{"less": "1", "pays": "1"}]},
            "concessions.0",
            "must have exactly one of pays, less and costs, has pays and less",
        ),
        (
            {"companions": {"classes": ["0A"], "most": 1}},
            "companions.classes.0",
            "must be a class of this tariff: there is no 0A",
        ),
        (
            {"bands": [BANDS | {"steps": [{"above": "1", "pays": "1"}, {"above": "1.00", "pays": "1"}]}]},
            "bands.0.steps.1.above",
            "must be more than above of the step before",
        ),
        (
            {"caps": [{"name": "x", "period": "day", "most": "1"}, {"name": "x", "period": "week", "most": "1"}]},
            "caps.1.name",
            "must be a name of its own: transit.caps.0 has it already",
        ),
        (
            {"caps": [{"name": "x", "period": "day", "most": "1"}], "passes": {"x": {"period": "day", "price": "1"}}},
            "passes.x",
            "must be a name of its own: transit.caps.0 has it already",
        ),
    ],
)  # fmt: skip
def test_each_mistake(rules: dict[str, Any], place: str, message: str) -> None:
    """One mistake, one message, at its place."""
    assert faults(**rules) == [(place, message)]


def test_a_sound_document() -> None:
    """Ranges that hold some line, operators of lines, and a first band above nothing are in order."""
    rules: dict[str, Any] = {
        "concessions": [{"lines": ["90-900"], "operators": ["city_bus", "metro"], "pays": "0.5"}],
        "bands": [{"name": "b", "period": "day", "of": "paid", "steps": [{"above": "0", "pays": "1"}, {"above": "1", "pays": "0.5"}]}],
        "transfers": [{"minutes": 30, "less": "1.00", "from": {"modes": ["bus"]}, "to": {"lines": ["801", "1001-1002"]}}],
    }  # fmt: skip
    assert faults(**rules) == []


def test_all_mistakes_at_once() -> None:
    """Somebody who writes a tariff sees all that is wrong, of form and of meaning, in one go."""
    rules: dict[str, Any] = {
        "day_starts": "25:00",
        "lines": {
            "1-9": {"mode": "buss", "fare": {"flat": "2.00"}},
            "5": {"mode": "bus", "fare": {"flat": "2.005"}},
            "12-10": {"mode": "bus", "fare": {}},
        },
        "concessions": [{"classes": ["09"], "pays": "1.5"}, {"pays": "0.5", "costs": "1.00"}],
        "transfers": [{"minutes": 0, "less": "1.00"}, {"minutes": 9, "les": "1.00"}],
        "caps": [{"name": "c", "period": "day", "most": "-1"}],
    }
    assert sorted(place for place, _ in faults(**rules)) == [
        "caps.0.most",
        "concessions.0.classes.0",
        "concessions.0.pays",
        "concessions.1",
        "day_starts",
        "lines.1-9.mode",
        "lines.12-10",
        "lines.12-10.fare",
        "lines.5",
        "lines.5.fare.flat",
        "transfers.0.minutes",
        "transfers.1.les",
    ]


@pytest.mark.parametrize(
    "part", [[], {}, {"lines": 1, "modes": [], "classes": None}, {"lines": {"x": 1}, "caps": {"a": 1}}]
)
def test_any_form(part: object) -> None:
    """Whatever stands there, it is named and not run into."""
    assert check(document() | {"transit": part})


@pytest.mark.parametrize("value", [None, 1, [1], {"1": 1}, {"1": {"mode": 1, "fare": []}}, [{"name": []}]])
def test_any_form_of_a_part(value: Any) -> None:
    """The same for each list and object of rules."""
    for name in ("lines", "classes", "modes", "concessions", "passes", "companions", "caps", "bands"):
        assert faults(**{name: value}), name
