"""Every price list that a city can write: what is read is what is priced, whatever the rule."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.tariffs.amounts import Rounding
from citizencard.tariffs.months import add_months
from citizencard.tariffs.utilities import bill
from citizencard.tariffs.utility_rules import Step, UtilityRule, per_months
from tests.citizencard.tariffs.make_utilities import JANUARY, POWER, WATER, YEAR, reading, utility


def test_rule_is_read_as_it_is_written() -> None:
    """What two people agreed on is what is charged: prices in fen, exactly; what is left out means what the page says."""
    water = utility(WATER)
    assert water.tiers.steps == (
        Step(Fraction(20), Fraction(180)),
        Step(Fraction(30), Fraction(270)),
        Step(None, Fraction(360)),
    )
    assert (water.unit, water.tiers.per, water.runs_on, water.split_into) == ("t", 1, None, 1)
    assert (water.minimum, water.tax, water.rounding, water.each_line) == (0, None, Rounding(), False)
    assert (water.add_ons[0].rate, water.add_ons[0].share_of_units) == (Fraction(95), Fraction(1))
    assert utility({"price": "0.5", "tiers": {"per": "bill", "steps": [{"adds": "0.25"}]}}).tiers.steps[0].rate == 75


@pytest.mark.parametrize(("per", "months"), [("bill", 0), ("month", 1), ("year", 12), ({"months": 4}, 4)])
def test_period_in_months(per: Any, months: int) -> None:
    """A year is twelve months, and a bill none."""
    assert per_months(per) == months


def test_period_that_goes_on_over_bills() -> None:
    """Tiers or an allowance of a year go on from January; by days nothing does."""
    assert utility(POWER).runs_on == 12
    free = {"price": "1", "free_units": [{"name": "a", "units": "1", "per": {"months": 4}}]}
    assert utility(free).tier_period(date(2026, 6, 1)) == (date(2026, 5, 1), date(2026, 8, 31))
    by_days = {**POWER, "tiers": {**POWER["tiers"], "part_months": "by_days"}}
    assert utility(by_days).tier_period(date(2026, 6, 1)) is None


AMOUNTS = st.integers(0, 300).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
RATES = st.integers(0, 9_999).map(lambda part: f"0.{part:04}")


@st.composite
def rules(draw: st.DrawFn, per: str | None = None) -> UtilityRule:
    """Any price list; without base fees, minimum and tax when the period of its tiers is given."""
    ends = draw(st.lists(st.integers(1, 300), max_size=4, unique=True).map(sorted))
    has_registers = draw(st.booleans())
    key = "adds" if has_registers else "price"
    rates = draw(st.lists(RATES, min_size=len(ends) + 1, max_size=len(ends) + 1))
    steps = [{"up_to": str(end), key: rate} for end, rate in zip(ends, rates, strict=False)] + [{key: rates[-1]}]
    rule: dict[str, Any] = {"tiers": {"per": per or draw(st.sampled_from(["month", "bill", "year"])), "steps": steps}}
    if has_registers:
        rule["registers"] = {"peak": {"price": draw(RATES)}, "valley": {"price": draw(RATES)}}
    rule["add_ons"] = [
        {"name": "a", "price": draw(RATES), "share_of_units": "2/3", "free_units": "7", "per": rule["tiers"]["per"]}
    ]
    if per is None:
        rule["free_units"] = [{"name": "f", "units": str(draw(st.integers(0, 50))), "sponsor": "s"}]
        rule["base_fees"] = [{"name": "b", "price": draw(AMOUNTS)}]
        rule["minimum"] = draw(AMOUNTS)
        rule["tax"] = {
            "factor": draw(st.sampled_from(["1", "1.06", "1.13"])),
            "on": draw(st.sampled_from(["bill", "units"])),
        }
        rule["rounding"] = {
            "to": draw(st.sampled_from(["0.01", "0.10", "1.00"])),
            "how": draw(st.sampled_from(["half_up", "up", "down", "half_even"])),
        }
        rule["round_each_line"] = draw(st.booleans())
    return utility(rule)


def shared(rule: UtilityRule, units: int, peak: int) -> dict[str, Any]:
    """The units of the registers, where there are some."""
    return (
        {"registers": {"peak": Fraction(min(peak, units)), "valley": Fraction(units - min(peak, units))}}
        if rule.registers
        else {}
    )


@settings(max_examples=60, deadline=None)
@given(
    rule=rules(), units=st.integers(0, 700), more=st.integers(0, 50), peak=st.integers(0, 700), days=st.integers(0, 100)
)
def test_more_units_are_never_cheaper_and_lines_add_up(
    rule: UtilityRule, units: int, more: int, peak: int, days: int
) -> None:
    """Nobody pays less for having used more, nobody gets money for using power, and the reasons are the whole price."""
    period = (JANUARY[0], JANUARY[0] + timedelta(days=days))
    less = bill(rule, reading(str(units), period, **shared(rule, units, peak)))
    dear = bill(rule, reading(str(units + more), period, **shared(rule, units + more, peak)))
    assert 0 <= less.minor <= dear.minor
    assert sum(line.minor for line in dear.lines) == dear.minor >= rule.minimum
    assert bill(rule, reading(str(units), period, **shared(rule, units, peak))) == less


@settings(max_examples=40, deadline=None)
@given(rule=rules(per="year"), months=st.lists(st.integers(0, 120), min_size=12, max_size=12), peak=st.integers(0, 50))
def test_bills_of_the_year_are_the_years_bill(rule: UtilityRule, months: list[int], peak: int) -> None:
    """Who is billed twelve times pays what one bill would be, but for what each one is rounded by."""
    total, before = 0, 0
    for index, units in enumerate(months):
        first = date(2026, index + 1, 1)
        period = (first, add_months(first, 1) - timedelta(days=1))
        total += bill(
            rule, reading(str(units), period, units_before=Fraction(before), **shared(rule, units, peak))
        ).minor
        before += units
    registers: dict[str, Any] = {}
    if rule.registers:
        high = sum(min(peak, units) for units in months)
        registers = {"registers": {"peak": Fraction(high), "valley": Fraction(before - high)}}
    assert abs(total - bill(rule, reading(str(before), YEAR, **registers)).minor) <= Fraction(13, 2)
