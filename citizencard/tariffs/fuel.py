"""What a refuelling costs and why: litres at the price of the product, less the first discount that fits.

A discount fits when all that it names does: the card's class is one of `classes`, the product one of `products`, `when` holds at the time
on the tariff's wall clock, and there are at least `from_litres`. It takes off `less_a_litre` for each litre (of a part its share), or all
but the share that the customer `pays`, or `less` in all; never more than the price. Litres count exactly as pumped. The exact total is
settled once by `rounding`, without one to the minor unit, halves upwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.amounts import Money, Rounding, read_rounding, share
from citizencard.tariffs.checks import Inspection
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.precedence import fits_first, never_used
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.settling import Piece, number, settle
from citizencard.tariffs.when import When, read_when

MAX_LITRES: Final = 100_000


@dataclass(frozen=True, slots=True)
class FuelDiscount:
    """What is taken off, for whom; exactly one of `less_a_litre`, `pays` and `less` is given, amounts in minor units."""

    place: str
    name: str
    classes: frozenset[int] | None
    products: frozenset[str] | None
    when: When | None
    from_litres: Fraction
    less_a_litre: Fraction | None
    pays: Fraction | None
    less: int | None
    sponsor: str | None

    def takes_off(self, litres: Fraction, amount: Fraction) -> Fraction:
        """Minor units, from 0 to the amount."""
        if self.pays is not None:
            return amount * (1 - self.pays)
        less = Fraction(self.less or 0) if self.less_a_litre is None else litres * self.less_a_litre
        return min(amount, less)


@dataclass(frozen=True, slots=True)
class FuelRule:
    """A price list; prices for one litre in minor units."""

    place: str
    title: str
    rounding: Rounding
    litre_prices: Mapping[str, Fraction]
    product_titles: Mapping[str, str]
    discounts: tuple[FuelDiscount, ...]


@dataclass(frozen=True, slots=True)
class Refuel:
    """A refuelling.

    Args:
        at: when, aware.
        product: its name in the price list.
        litres: as pumped.
        card_class: the card's class byte; None without a card.
    """

    at: datetime
    product: str
    litres: Fraction
    card_class: int | None = None


def quote(rule: FuelRule, refuel: Refuel, offset: timezone) -> Quote:
    """Price a refuelling.

    Raises:
        RuleMissing: the list has no such product.
        EventInvalid: the litres are not from 0 to 100,000.
    """
    place = f"{rule.place}.products.{refuel.product}"
    if refuel.product not in rule.litre_prices:
        raise RuleMissing(f"{rule.place} has no price for the product {refuel.product}", place=place)
    if not 0 <= refuel.litres <= MAX_LITRES:
        raise EventInvalid(
            f"0 to {MAX_LITRES} litres can be priced", field="litres", reason=f"must be from 0 to {MAX_LITRES}"
        )
    amount = refuel.litres * rule.litre_prices[refuel.product]
    facts = {"litres": number(refuel.litres), "product": rule.product_titles[refuel.product]}
    pieces = [Piece("litres", amount, f"{place}.litre_price", facts)]
    wall = refuel.at.astimezone(offset)
    for discount in rule.discounts:
        if _fits(discount, refuel, wall):
            less = discount.takes_off(refuel.litres, amount)
            if less:
                pieces.append(Piece("discount", -less, discount.place, {"discount": discount.name}, discount.sponsor))
            break
    return settle(pieces, rule.rounding, rule.place)


def inspect(inspection: Inspection, place: str, rule: Mapping[str, Any], money: Money) -> None:
    """Name what the schema cannot say: exactly one way to take off, products that exist, no litre cheaper than nothing."""
    named = rule.get("products")
    products = named if isinstance(named, dict) else {}
    priced = {here.rpartition(".")[2]: one for here, one in inspection.entries(f"{place}.products", named)}
    for here, entry in inspection.entries(f"{place}.discounts", rule.get("discounts")):
        inspection.exactly_one_of(here, entry, ("less_a_litre", "pays", "less"))
        for at, name in enumerate(entry.get("products", ())):
            if products and name not in products:
                inspection.add(f"{here}.products.{at}", f"must be one of the products {', '.join(products)}")
        prices = [
            money.rate(one["litre_price"]) for name, one in priced.items() if name in entry.get("products", priced)
        ]
        if "less_a_litre" in entry and prices and money.rate(entry["less_a_litre"]) > min(prices):
            inspection.add(f"{here}.less_a_litre", "must not be above the price of a litre")
    never_used(inspection, f"{place}.discounts", rule.get("discounts"), _fits_first)


def _fits_first(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    litres = (Fraction(one.get("from_litres", "0")) for one in (earlier, later))
    return fits_first(earlier, later, ("classes", "products")) and next(litres) <= next(litres)


def read_rule(place: str, rule: Mapping[str, Any], money: Money) -> FuelRule:
    """Read a rule without mistakes."""
    return FuelRule(
        place=place,
        title=rule["title"],
        rounding=read_rounding(rule.get("rounding"), money),
        litre_prices={name: money.rate(one["litre_price"]) for name, one in rule["products"].items()},
        product_titles={name: one.get("title", name) for name, one in rule["products"].items()},
        discounts=tuple(
            _read_discount(f"{place}.discounts.{index}", entry, money)
            for index, entry in enumerate(rule.get("discounts", ()))
        ),
    )


def _fits(discount: FuelDiscount, refuel: Refuel, wall: datetime) -> bool:
    return (
        (discount.classes is None or refuel.card_class in discount.classes)
        and (discount.products is None or refuel.product in discount.products)
        and (discount.when is None or discount.when.holds(wall))
        and refuel.litres >= discount.from_litres
    )


def _read_discount(place: str, entry: Mapping[str, Any], money: Money) -> FuelDiscount:
    return FuelDiscount(
        place=place,
        name=entry["name"],
        classes=frozenset(int(text, 16) for text in entry["classes"]) if "classes" in entry else None,
        products=frozenset(entry["products"]) if "products" in entry else None,
        when=read_when(entry.get("when")),
        from_litres=Fraction(entry.get("from_litres", "0")),
        less_a_litre=money.rate(entry["less_a_litre"]) if "less_a_litre" in entry else None,
        pays=share(entry["pays"]) if "pays" in entry else None,
        less=money.amount(entry["less"]) if "less" in entry else None,
        sponsor=entry.get("sponsor"),
    )
