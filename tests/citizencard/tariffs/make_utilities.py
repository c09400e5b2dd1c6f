"""Price lists of utilities and late fees in documents that were checked whole, so that no test prices what could not be published."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.document import Tariff, check, read
from citizencard.tariffs.late_fees import LateFeeRule
from citizencard.tariffs.utilities import Reading, bill
from citizencard.tariffs.utility_rules import UtilityRule

NAME: Final = "home"
JANUARY: Final = (date(2026, 1, 1), date(2026, 1, 31))
YEAR: Final = (date(2026, 1, 1), date(2026, 12, 31))

# A printed monthly water price with sewage charge (https://chujuan.cn/question/detail-43190925.shtml): 18 t are 49.50.
WATER: Final[Mapping[str, Any]] = {
    "title": "居民生活用水",
    "unit": "t",
    "tiers": {
        "per": "month",
        "steps": [{"up_to": "20", "price": "1.80"}, {"up_to": "30", "price": "2.70"}, {"price": "3.60"}],
    },
    "add_ons": [{"name": "sewage", "title": "污水处理费", "price": "0.95"}],
}
# Jiangsu, residents below 1 kV (http://m.gansulong.com/c/03252Z21Y2024.html, https://ahqytv.cn/zixun/83164.html).
POWER: Final[Mapping[str, Any]] = {
    "title": "居民生活用电",
    "unit": "kWh",
    "tiers": {
        "per": "year",
        "steps": [{"up_to": "2760", "price": "0.5283"}, {"up_to": "4800", "price": "0.5783"}, {"price": "0.8283"}],
    },
}

# The same with two registers; prices and surcharges are common knowledge.
PEAK_VALLEY: Final[Mapping[str, Any]] = {
    "title": "居民峰谷分时",
    "unit": "kWh",
    "registers": {"peak": {"title": "峰", "price": "0.5583"}, "valley": {"title": "谷", "price": "0.3583"}},
    "tiers": {
        "per": "year",
        "steps": [{"up_to": "2760", "adds": "0"}, {"up_to": "4800", "adds": "0.05"}, {"adds": "0.30"}],
    },
}


def document(part: str, rule: Mapping[str, Any], currency: str = "CNY", name: str = NAME) -> dict[str, Any]:
    """A document with one rule."""
    return {
        "format": 2,
        "name": "test",
        "version": 1,
        "effective_from": "2026-01-01T00:00:00+08:00",
        "currency": currency,
        "source": {"page": "a test", "grade": "A", "date": "2026"},
        part: {name: rule},
    }


def places(part: str, rule: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a rule, by its place below the rule."""
    return {fault.place.removeprefix(f"{part}.{NAME}."): fault.message for fault in check(document(part, rule))}


def utility(rule: Mapping[str, Any], currency: str = "CNY") -> UtilityRule:
    """The rule as it is read."""
    return tariff(rule, currency).utilities[NAME]


def tariff(rule: Mapping[str, Any], currency: str = "CNY") -> Tariff:
    """A tariff with one price list."""
    return read(document("utilities", {"title": "test", "unit": "t", **rule}, currency))


def late(rule: Mapping[str, Any]) -> LateFeeRule:
    """A rule about late fees as it is read."""
    return read(document("late_fees", {"title": "test", **rule})).late_fees[NAME]


def reading(
    units: Fraction | str | None, period: tuple[date, date] = JANUARY, **other: Any
) -> Reading:  # any field of a reading
    """A reading of January, unless said otherwise."""
    return Reading(*period, None if units is None else Fraction(units), **other)


def cost(
    rule: UtilityRule, units: Fraction | str, period: tuple[date, date] = JANUARY, **other: Any
) -> int:  # any field of a reading
    """What it costs, in minor units."""
    return bill(rule, reading(units, period, **other)).minor
