"""Prices of quantities: the printed water bill, the published table, and what must hold for every rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.tariffs.document import check, read
from citizencard.tariffs.errors import QuantityInvalid
from citizencard.tariffs.utilities import MAX_QUANTITY, UtilityPart, UtilityRule, bill, read_rule
from tests.citizencard.tariffs.make_tariffs import published

NAME = "water_home"
RULE: dict[str, Any] = published(3)["utilities"][NAME]


# Source of 18 t: a printed monthly water price with sewage charge; the others follow from the rule.
@pytest.mark.parametrize(
    ("quantity", "fen"), [(0, 0), (1, 275), (18, 4950), (20, 5500), (21, 5865), (25, 7325), (30, 9150), (35, 11425)]
)
def test_water(quantity: int, fen: int) -> None:
    """A household pays for its water what the city has printed."""
    assert bill(read_rule(RULE), quantity).total_fen == fen


def test_bill_explains_itself() -> None:
    """Each line of a bill is a quantity at a price."""
    assert bill(read_rule(RULE), 18).parts == (
        UtilityPart("tier_1", 18, 180, 3240),
        UtilityPart("sewage", 18, 95, 1710),
    )
    assert [part.quantity for part in bill(read_rule(RULE), 35).parts] == [20, 10, 5, 35]
    assert bill(read_rule(RULE), 0).parts == ()


@pytest.mark.parametrize("quantity", [-1, MAX_QUANTITY + 1])
def test_impossible_quantities(quantity: int) -> None:
    """A reading error does not become a bill."""
    with pytest.raises(QuantityInvalid):
        bill(read_rule(RULE), quantity)


@st.composite
def rules(draw: st.DrawFn) -> UtilityRule:
    """Any rule that the document may hold."""
    ends = draw(st.lists(st.integers(1, 300), max_size=5, unique=True).map(sorted))
    tiers = [{"up_to": end, "fen": draw(st.integers(0, 999))} for end in [*ends, None]]
    add_ons = [{"name": f"extra{index}", "fen": draw(st.integers(0, 99))} for index in range(draw(st.integers(0, 3)))]
    made = RULE | {"tiers": tiers, "add_ons": add_ons}
    assert check(published(0) | {"utilities": {NAME: made}}) == []
    return read_rule(made)


@given(rule=rules(), quantity=st.integers(0, 1_000))
def test_one_unit_more_costs_its_tier(rule: UtilityRule, quantity: int) -> None:
    """Nobody jumps to another price for what was used before, and the lines add up to the bill."""
    less, more = bill(rule, quantity), bill(rule, quantity + 1)
    tier = next(tier for tier in rule.tiers if tier.up_to is None or quantity < tier.up_to)
    assert more.total_fen - less.total_fen == tier.fen + sum(one.fen for one in rule.add_ons)
    assert sum(part.fen for part in more.parts) == more.total_fen
    assert all(part.quantity * part.unit_fen == part.fen for part in more.parts)
    assert sum(part.quantity for part in more.parts if part.name.startswith("tier_")) == quantity + 1


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": " "}, "name"),
        ({"unit": "a very long unit"}, "unit"),
        ({"tiers": []}, "tiers"),
        ({"tiers": {}}, "tiers"),
        ({"tiers": [None]}, "tiers.0"),
        ({"tiers": [{"up_to": 20, "fen": 180}]}, "tiers.0.up_to"),
        ({"tiers": [{"up_to": None, "fen": 180}, {"up_to": None, "fen": 1}]}, "tiers.0.up_to"),
        ({"tiers": [{"up_to": 9, "fen": 1}, {"up_to": 9, "fen": 1}, {"up_to": None, "fen": 1}]}, "tiers.1.up_to"),
        ({"tiers": [{"up_to": None, "fen": -1}]}, "tiers.0.fen"),
        ({"tiers": [{"fen": 1}]}, "tiers.0.up_to"),
        ({"tiers": [{"up_to": n, "fen": 1} for n in range(1, 30)]}, "tiers"),
        ({"add_ons": None}, "add_ons"),
        ({"add_ons": [7]}, "add_ons.0"),
        ({"add_ons": [{"name": "a b", "fen": 1}]}, "add_ons.0.name"),
        ({"add_ons": [{"name": "a", "fen": 1}, {"name": "a", "fen": 1}]}, "add_ons.1.name"),
        ({"add_ons": [{"name": "tier_1", "fen": 1}]}, "add_ons.0.name"),
        ({"add_ons": [{"name": "a", "fen": True}]}, "add_ons.0.fen"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_each_mistake_has_its_place(change: dict[str, object], place: str) -> None:
    """No wrong value slips into a bill."""
    places = {fault.place for fault in check(published(0) | {"utilities": {NAME: RULE | change}})}
    assert f"utilities.{NAME}.{place}" in places


def test_document_is_read_whole() -> None:
    """What two people agree on is what bills are checked against."""
    assert read(published(0) | published(3)).utilities == {NAME: read_rule(RULE)}
    assert read(published(0)).utilities == {}
