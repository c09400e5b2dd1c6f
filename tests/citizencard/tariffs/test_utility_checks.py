"""Mistakes of price lists that no schema can name."""

from typing import Any

import pytest

from tests.citizencard.tariffs.make_utilities import PEAK_VALLEY, POWER, WATER, places

OPEN: dict[str, Any] = {"price": "1"}
TITLED: dict[str, Any] = {"title": "test", "unit": "t"}


def tiers(*steps: dict[str, str], per: Any = "month", **other: Any) -> dict[str, Any]:  # what a document may hold
    return {**TITLED, "tiers": {"per": per, "steps": list(steps), **other}}


@pytest.mark.parametrize(
    ("rule", "place", "said"),
    [
        (TITLED, "utilities.home", "exactly one of price, registers and tiers, has none"),
        ({**PEAK_VALLEY, "tiers": WATER["tiers"]}, "registers", "left out"),
        ({**WATER, "price": "1"}, "price", "left out"),
        (tiers({"adds": "1"}), "utilities.home", "exactly one of price and registers"),
        ({**PEAK_VALLEY, "price": "1"}, "utilities.home", "exactly one of price and registers"),
        ({**TITLED, "price": "1", "registers": PEAK_VALLEY["registers"]}, "utilities.home", "has price and registers"),
        (tiers({"up_to": "1"}, OPEN), "tiers.steps.0", "exactly one of price and adds, has none"),
        ({**tiers({"up_to": "1", "adds": "0"}, OPEN), "price": "1"}, "tiers.steps.1", "must have adds"),
        (tiers({"up_to": "9", "price": "1"}), "tiers.steps.0.up_to", "last tier"),
        (tiers(OPEN, OPEN), "tiers.steps.0.up_to", "is missing"),
        (tiers({"up_to": "0", "price": "1"}, OPEN), "tiers.steps.0.up_to", "above 0"),
        (tiers({"up_to": "9", "price": "1"}, {"up_to": "9", "price": "1"}, OPEN), "tiers.steps.1.up_to", "above 9"),
        ({**WATER, "base_fees": [{"name": "a"}]}, "base_fees.0", "exactly one of price and by_size"),
        ({**WATER, "base_fees": [{"name": "a", "price": "1"}] * 2}, "base_fees.1.name", "another name"),
        ({**WATER, "add_ons": WATER["add_ons"] * 2}, "add_ons.1.name", "another name"),
        ({**WATER, "free_units": [{"name": "a", "units": "1"}] * 2}, "free_units.1.name", "another name"),
        ({**WATER, "tax": {"factor": "0.1"}}, "tax.factor", "at least 1"),
        ({**POWER, "free_units": [{"name": "a", "units": "1", "per": {"months": 2}}]}, "free_units.0.per", "the 12 months"),
        ({**POWER, "split_reading": {"months": 2, "odd_units": "last"}}, "tiers.per", "must be month"),
        (
            {**tiers(OPEN, part_months="by_days"), "split_reading": {"months": 2, "odd_units": "last"}},
            "tiers.part_months",
            "must be whole",
        ),
    ],
)  # fmt: skip
def test_each_mistake_has_its_place(rule: dict[str, Any], place: str, said: str) -> None:
    """No wrong price slips into a bill, and whoever wrote it reads what must be there."""
    found = places("utilities", rule)
    assert said in found[place]


@pytest.mark.parametrize(
    "rule",
    [
        WATER,
        POWER,
        PEAK_VALLEY,
        {**POWER, "add_ons": [{"name": "a", "price": "1", "free_units": "9", "per": {"months": 12}}]},
        {**POWER, "add_ons": [{"name": "a", "price": "1", "per": "month"}]},
    ],
)
def test_sound_rule_has_no_mistake(rule: dict[str, Any]) -> None:
    """What cities print can be put into force."""
    assert places("utilities", rule) == {}
