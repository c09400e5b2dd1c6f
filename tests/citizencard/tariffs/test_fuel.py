"""Fuel by the litre, with discounts. No printed example was found; the amounts are products of price and litres, reckoned by hand."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.fuel import MAX_LITRES, FuelRule, Refuel, quote
from citizencard.tariffs.quotes import Quote
from tests.citizencard.tariffs.make_rules import EIGHT, OFFSET, faults, tariff

PRODUCTS = {"92": {"title": "92号汽油", "litre_price": "7.43"}, "0": {"litre_price": "7.09"}}
LIST: dict[str, Any] = {"title": "station", "products": PRODUCTS}


def station(*discounts: dict[str, Any], **fields: object) -> FuelRule:
    return tariff("fuel", LIST | {"discounts": list(discounts)} | fields).fuel["x"]


def fill(
    rule: FuelRule, litres: str, product: str = "92", card_class: int | None = None, at: datetime = EIGHT
) -> Quote:
    return quote(rule, Refuel(at, product, Fraction(litres), card_class), OFFSET)


def told(found: Quote) -> list[tuple[str, int]]:
    return [(line.what, line.minor) for line in found.lines]


def test_litres_at_the_price() -> None:
    """40.00 l at 7.43 are 297.20; 33.33 l are 247.6419, settled once: 247.64."""
    assert [fill(station(), litres).minor for litres in ("0", "40", "33.33")] == [0, 29_720, 24_764]
    assert fill(station(), "33.33").as_data()["lines"] == [
        {
            "what": "litres",
            "minor": 24_764,
            "rule": "fuel.x.products.92.litre_price",
            "facts": {"litres": "33.33", "product": "92号汽油"},
        }
    ]
    assert fill(station(), "10", product="0").lines[0].facts["product"] == "0"
    tens = station(rounding={"to": "0.10", "how": "down"})
    assert told(fill(tens, "33.33")) == [("litres", 24_764), ("rounded_down", -4)]


def test_first_discount_that_fits() -> None:
    """By class, product, day and amount of litres; the sponsor pays what is taken off."""
    rule = station(
        {"name": "taxi", "classes": ["0A"], "products": ["92"], "less_a_litre": "0.30", "sponsor": "bureau"},
        {"name": "monday", "when": {"days": ["mon"]}, "pays": "0.95"},
        {"name": "much", "from_litres": "30", "less": "10.00"},
    )
    taxi = fill(rule, "40", card_class=0x0A)
    assert told(taxi) == [("litres", 29_720), ("discount", -1_200)]
    assert taxi.sponsored() == {"bureau": 1_200}
    assert fill(rule, "40", product="0", card_class=0x0A).minor == 28_360 - 1_000
    monday = EIGHT + timedelta(days=2)
    assert fill(rule, "40", at=monday).minor == 28_234
    assert [fill(rule, litres).minor for litres in ("29.99", "30")] == [22_283, 22_290 - 1_000]
    assert fill(station({"name": "gift", "less": "10.00"}), "1").minor == 0


def test_what_cannot_be_priced() -> None:
    """A product that is not sold is named with its place; nobody fuels less than nothing."""
    with pytest.raises(RuleMissing) as missing:
        fill(station(), "1", product="98")
    assert missing.value.fields["place"] == "fuel.x.products.98"
    for litres in ("-1", str(MAX_LITRES + 1)):
        with pytest.raises(EventInvalid) as refused:
            fill(station(), litres)
        assert refused.value.fields["field"] == "litres"


@pytest.mark.parametrize(
    ("discounts", "place"),
    [
        ([{"name": "a"}], "discounts.0"),
        ([{"name": "a", "less": "1.00", "pays": "0.5"}], "discounts.0"),
        ([{"name": "a", "less": "1.00", "products": ["92", "98"]}], "discounts.0.products.1"),
        ([{"name": "a", "less_a_litre": "7.10"}], "discounts.0.less_a_litre"),
        ([{"name": "a", "pays": "0.5"}, {"name": "b", "pays": "0.4"}], "discounts.1"),
    ],
)
def test_each_mistake_has_its_place(discounts: list[dict[str, object]], place: str) -> None:
    """No wrong value slips into a price."""
    assert [found for found, _ in faults("fuel", LIST | {"discounts": discounts})] == [place]


LITRES = st.lists(st.integers(0, 100_000).map(lambda ml: Fraction(ml, 1000)), min_size=2, max_size=2).map(sorted)
DISCOUNTS = st.sampled_from(
    ({"name": "d", "less_a_litre": "0.333333"}, {"name": "d", "pays": "2/3"}, {"name": "d", "less": "10.00"})
)


@settings(max_examples=50)
@given(litres=LITRES, discount=DISCOUNTS, product=st.sampled_from(("92", "0")))
def test_more_never_costs_less(litres: list[Fraction], discount: dict[str, str], product: str) -> None:
    """More litres cost no less, a discount never more, and lines add up to a price of nothing or more."""
    rule = station(discount)
    less, more = (quote(rule, Refuel(EIGHT, product, one), OFFSET) for one in litres)
    assert less.minor <= more.minor
    assert less.minor <= quote(station(), Refuel(EIGHT, product, litres[0]), OFFSET).minor
    assert sum(line.minor for line in less.lines) == less.minor >= 0
