"""Entries that an earlier one always comes before: named where that is certain, and nowhere else."""

from typing import Any

import pytest

from citizencard.tariffs.document import check
from tests.citizencard.tariffs.make_rules import document

FUEL: dict[str, Any] = {"title": "East", "products": {"92": {"litre_price": "7.43"}, "95": {"litre_price": "7.90"}}}
TAXI: dict[str, Any] = {"title": "Taxi", "flag": {"km": "3", "price": "9.00"}, "km_price": "1.60"}
WATER: dict[str, Any] = {"title": "Water", "unit": "t", "price": "1.80"}
LOT: dict[str, Any] = {"title": "Street", "charges": [{"a_visit": "5.00"}]}
NIGHT = {"hours": {"from": "22:00", "until": "06:00"}}


def unused(part: str, rule: dict[str, Any], field: str, *entries: dict[str, Any]) -> list[str]:
    """What is said about entries of a list, with the index of each; no entry has another mistake."""
    found = check(document(part, {**rule, field: list(entries)}))
    return [f"{fault.place.removeprefix(f'{part}.x.{field}.')} {fault.message}" for fault in found]


def discount(**fields: Any) -> dict[str, Any]:
    return {"name": "card", "pays": "0.9", **fields}


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({}, {"classes": ["01"]}),
        ({"classes": ["01", "02"]}, {"classes": ["02"], "products": ["92"]}),
        ({"when": NIGHT}, {"when": NIGHT, "from_litres": "5"}),
        ({"from_litres": "20"}, {"from_litres": "30"}),
    ],
)
def test_a_discount_that_an_earlier_one_covers_is_named(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    """Who wrote it would wait for ever for its first customer."""
    said = ["1 is never used: discounts.0 fits first"]
    assert unused("fuel", FUEL, "discounts", discount(**earlier), discount(**later)) == said
    assert unused("fuel", FUEL, "discounts", discount(**earlier), {}, discount(**later))[-1] == "2" + said[0][1:]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"classes": ["01"]}, {}),
        ({"classes": ["01"]}, {"classes": ["01", "02"]}),
        ({"products": ["92"]}, {"classes": ["01"]}),
        ({"when": NIGHT}, {}),
        ({"when": NIGHT}, {"when": {"days": ["mon"]}}),
        ({"from_litres": "30"}, {"from_litres": "20"}),
    ],
)
def test_a_discount_that_can_be_used_is_none_of_them(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    """No sound tariff is refused for what is not certain."""
    assert unused("fuel", FUEL, "discounts", discount(**earlier), discount(**later)) == []


def test_every_list_whose_first_entry_is_used_is_looked_through() -> None:
    """Taxis at night, empty returns, allowances, and discounts of lots."""
    night = {"when": NIGHT, "km_adds": "0.2"}
    assert unused("taxi", TAXI, "night", night, night) == ["1 is never used: night.0 fits first"]
    back = {"beyond_km": "3", "adds": "0.5"}
    assert unused("taxi", TAXI, "empty_return", back, {**back, "when": NIGHT}) == [
        "1 is never used: empty_return.0 fits first"
    ]
    needy, all_of_them = {"name": "needy", "units": "10", "traits": ["needy"]}, {"name": "all", "units": "5"}
    assert unused("utilities", WATER, "free_units", needy, all_of_them) == []
    assert unused("utilities", WATER, "free_units", all_of_them, needy) == ["1 is never used: free_units.0 fits first"]
    both, one = {"name": "a", "traits": ["ev", "disabled"], "pays": "0"}, {"name": "b", "traits": ["ev"], "pays": "0"}
    assert unused("parking", LOT, "discounts", one, both) == []
    assert unused("parking", LOT, "discounts", both, one) == ["1 is never used: discounts.0 fits first"]
