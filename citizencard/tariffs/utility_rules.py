"""Price lists of utilities, as read from the part `utilities` of a document without mistakes (README.md beside this file)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.amounts import Money, Rounding, read_rounding, share
from citizencard.tariffs.months import MONTHS_A_YEAR, calendar_period

MONTH: Final = 1
BILL: Final = 0
"""As a period in months: each bill by itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """A tier: minor units for each unit up to a limit, None for all that is left.

    `rate` includes the one price of the rule; beside registers it is what the tier adds.
    """

    up_to: Fraction | None
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Tiers:
    """Steps of the price, rising.

    Args:
        per: months of the period that limits are for; 0: a bill.
        steps: the last one without limit.
        people, each_adds: every person of the household beyond so many raises every limit by so many units a period.
    """

    per: int
    steps: tuple[Step, ...]
    people: int = 0
    each_adds: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Register:
    """A register of the meter: what it is called, and minor units for each of its units."""

    title: str
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Allowance:
    """Units that are free for some: so many in `per` months (0: a bill), for who has all the traits."""

    place: str
    title: str
    units: Fraction
    per: int
    traits: frozenset[str]
    sponsor: str | None


@dataclass(frozen=True, slots=True)
class BaseFee:
    """What is paid whatever is used: `price`, or by the size of the meter or pipe, each month or each bill; minor units."""

    place: str
    title: str
    monthly: bool
    price: int | None
    by_size: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AddOn:
    """What is paid on the units beside their price, such as sewage: minor units each, on a share of them less `free_units` in `per`."""

    place: str
    name: str
    title: str
    rate: Fraction
    share_of_units: Fraction
    free_units: Fraction
    per: int


@dataclass(frozen=True, slots=True)
class Tax:
    """Price with tax by price without; on the units only, or on all lines."""

    title: str
    factor: Fraction
    on_units: bool


@dataclass(frozen=True, slots=True)
class UtilityRule:
    """A price list. Rates and amounts in minor units.

    Args:
        place: in the document.
        title, unit: for people.
        money: of the document.
        unit_decimals: of a reading, 0 to 3.
        tiers: one step without limit when the rule has one price.
        is_tiered: whether the rule names tiers.
        registers: by name; empty for a meter with one.
        by_days: whether a part of a month counts by its days.
        runs_on: months of the period that runs on over bills; None: every bill stands by itself.
        split_into, odd_first: months of the usual reading (1: none is cut), and which parts of one that is cut get the odd units.
        free_units, base_fees, add_ons, minimum, tax: what else is reckoned.
        rounding, each_line: of the bill, or of every line.
    """

    place: str
    title: str
    unit: str
    money: Money
    unit_decimals: int
    tiers: Tiers
    is_tiered: bool
    registers: Mapping[str, Register]
    by_days: bool = False
    runs_on: int | None = None
    split_into: int = 1
    odd_first: bool = False
    free_units: tuple[Allowance, ...] = ()
    base_fees: tuple[BaseFee, ...] = ()
    add_ons: tuple[AddOn, ...] = ()
    minimum: int = 0
    tax: Tax | None = None
    rounding: Rounding = field(default_factory=Rounding)
    each_line: bool = False

    def tier_period(self, day: date) -> tuple[date, date] | None:
        """The first and last day of the period in which a bill that ends on a day goes on from earlier bills; None: it never does."""
        return None if self.runs_on is None else calendar_period(day, self.runs_on)


def read_rule(place: str, rule: Mapping[str, Any], money: Money) -> UtilityRule:
    """Read a rule without mistakes."""
    tiers = rule.get("tiers", {"per": "bill", "steps": [{"adds": "0"}]})
    by_days = tiers.get("part_months") == "by_days"
    split = rule.get("split_reading", {"months": 1, "odd_units": "last"})
    free_units = tuple(
        _read_allowance(f"{place}.free_units.{index}", entry) for index, entry in enumerate(rule.get("free_units", ()))
    )
    add_ons = tuple(
        _read_add_on(f"{place}.add_ons.{index}", entry, money) for index, entry in enumerate(rule.get("add_ons", ()))
    )
    pers = [per_months(tiers["per"]), *(one.per for one in free_units), *(one.per for one in add_ons)]
    return UtilityRule(
        place=place,
        title=rule["title"],
        unit=rule["unit"],
        money=money,
        unit_decimals=rule.get("unit_decimals", 0),
        tiers=_read_tiers(tiers, money.rate(rule.get("price", "0")), money),
        is_tiered="tiers" in rule,
        registers={
            name: Register(entry.get("title", name), money.rate(entry["price"]))
            for name, entry in rule.get("registers", {}).items()
        },
        by_days=by_days,
        runs_on=None if by_days else next((per for per in pers if per > MONTH), None),
        split_into=split["months"],
        odd_first=split["odd_units"] == "first",
        free_units=free_units,
        base_fees=tuple(
            _read_base_fee(f"{place}.base_fees.{index}", entry, money)
            for index, entry in enumerate(rule.get("base_fees", ()))
        ),
        add_ons=add_ons,
        minimum=money.amount(rule["minimum"]) if "minimum" in rule else 0,
        tax=_read_tax(rule["tax"]) if "tax" in rule else None,
        rounding=read_rounding(rule.get("rounding"), money),
        each_line=rule.get("round_each_line", False),
    )


def per_months(per: str | Mapping[str, int]) -> int:
    """A tier period in months: 0 for a bill, 1 for a month, 12 for a year."""
    if isinstance(per, str):
        return {"bill": BILL, "month": MONTH, "year": MONTHS_A_YEAR}[per]
    return per["months"]


def _read_tiers(tiers: Mapping[str, Any], price: Fraction, money: Money) -> Tiers:
    household = tiers.get("household", {"people": 0, "each_adds": "0"})
    return Tiers(
        per=per_months(tiers["per"]),
        steps=tuple(
            Step(
                Fraction(step["up_to"]) if "up_to" in step else None,
                money.rate(step["price"]) if "price" in step else price + money.rate(step["adds"]),
            )
            for step in tiers["steps"]
        ),
        people=household["people"],
        each_adds=Fraction(household["each_adds"]),
    )


def _read_allowance(place: str, entry: Mapping[str, Any]) -> Allowance:
    return Allowance(
        place=place,
        title=entry.get("title", entry["name"]),
        units=Fraction(entry["units"]),
        per=per_months(entry.get("per", "month")),
        traits=frozenset(entry.get("traits", ())),
        sponsor=entry.get("sponsor"),
    )


def _read_base_fee(place: str, entry: Mapping[str, Any], money: Money) -> BaseFee:
    return BaseFee(
        place=place,
        title=entry.get("title", entry["name"]),
        monthly=entry.get("per", "month") == "month",
        price=money.amount(entry["price"]) if "price" in entry else None,
        by_size={size: money.amount(text) for size, text in entry.get("by_size", {}).items()},
    )


def _read_add_on(place: str, entry: Mapping[str, Any], money: Money) -> AddOn:
    free_units = Fraction(entry.get("free_units", "0"))
    return AddOn(
        place=place,
        name=entry["name"],
        title=entry.get("title", entry["name"]),
        rate=money.rate(entry["price"]),
        share_of_units=share(entry.get("share_of_units", "1")),
        free_units=free_units,
        # Without free units a period would mean nothing.
        per=per_months(entry.get("per", "month")) if free_units else MONTH,
    )


def _read_tax(entry: Mapping[str, Any]) -> Tax:
    return Tax(entry.get("title", entry.get("name", "tax")), Fraction(entry["factor"]), entry.get("on") == "units")
