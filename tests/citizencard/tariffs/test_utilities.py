"""Bills of utilities: printed examples, every kind of rule, and what must hold for all of them."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.months import add_months
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.utilities import MAX_UNITS, Reading, bill
from tests.citizencard.tariffs.make_utilities import (
    JANUARY,
    PEAK_VALLEY,
    POWER,
    WATER,
    YEAR,
    cost,
    reading,
    utility,
)

JULY_AUGUST = (date(2026, 7, 1), date(2026, 8, 31))
FOUR_MONTHS = (date(2026, 3, 10), date(2026, 7, 9))
# https://expydoc.com/doc/10563124 (Midori, Gunma): base fee by pipe, tiers a month, two months in halves, the odd unit later, tax 8 %.
MIDORI: dict[str, Any] = {
    "unit": "m³",
    "tiers": {
        "per": "month",
        "steps": [{"up_to": "10", "price": "50"}, {"up_to": "20", "price": "130"}, {"price": "180"}],
    },
    "base_fees": [{"name": "pipe", "by_size": {"13": "750", "20": "1650", "25": "2650"}}],
    "split_reading": {"months": 2, "odd_units": "last"},
    "tax": {"factor": "1.08"},
    "rounding": {"to": "1", "how": "down"},
}
# https://www.city.nagasaki.lg.jp (page p007197, prices since October 2019): tax 10 %, below 1 yen dropped.
NAGASAKI: dict[str, Any] = {
    "unit": "m³",
    "tiers": {"per": "month", "steps": [{"up_to": "10", "price": "70"}, {"price": "260"}]},
    "base_fees": [{"name": "base", "price": "805"}],
    "tax": {"factor": "1.1"},
    "rounding": {"to": "1", "how": "down"},
}
# https://shikigun-suido.jp/?p=183 (pipe of 13 mm): tax 10 %, below 10 yen dropped; each of the two months has its own bill.
SHIKI: dict[str, Any] = {
    "unit": "m³",
    "tiers": {"per": "month", "steps": [{"up_to": "10", "price": "137"}, {"price": "166"}]},
    "base_fees": [{"name": "base", "price": "585"}],
    "tax": {"factor": "1.1"},
    "rounding": {"to": "10", "how": "down"},
}
# https://dsd.gov.hk/EN/FAQ/Sewage_Charges (rate since April 2017; 12 m³ in four months are exempt, restaurants pay for 70 %).
SEWAGE: dict[str, Any] = {"name": "sewage", "price": "2.92", "free_units": "12", "per": {"months": 4}}


def whats(quote: Quote) -> list[tuple[str, int]]:
    return [(line.what, line.minor) for line in quote.lines]


@pytest.mark.parametrize(
    ("units", "fen"), [(0, 0), (1, 275), (18, 4_950), (20, 5_500), (21, 5_865), (25, 7_325), (30, 9_150), (35, 11_425)]
)
def test_printed_water_bill(units: int, fen: int) -> None:
    """A household pays for its water what the city has printed: 18 t are 49.50; the others follow from the rule."""
    assert cost(utility(WATER), Fraction(units)) == fen


def test_bill_explains_itself() -> None:
    """Each line of a bill is a quantity at a price, with the place of the rule that says so."""
    quote = bill(utility(WATER), reading("25"))
    assert [(line.what, line.minor, line.rule, dict(line.facts)) for line in quote.lines] == [
        ("tier", 3_600, "utilities.home.tiers.steps.0", {"tier": 1, "units": "20", "unit": "t", "price": "1.8"}),
        ("tier", 1_350, "utilities.home.tiers.steps.1", {"tier": 2, "units": "5", "unit": "t", "price": "2.7"}),
        ("add_on", 2_375, "utilities.home.add_ons.0",
         {"add_on": "污水处理费", "name": "sewage", "units": "25", "unit": "t", "price": "0.95"}),
    ]  # fmt: skip
    assert whats(bill(utility(WATER), reading("0"))) == [("no_units", 0)]


@pytest.mark.parametrize(("units", "fen"), [("2760", 145_811), ("3000", 159_690), ("4800", 263_784), ("5000", 280_350)])
def test_jiangsu_power_by_the_year(units: str, fen: int) -> None:
    """A year's power in tiers: 2,760 kWh are 1,458.11 and 3,000 are 1,596.90 (derived from the rule)."""
    assert cost(utility(POWER), units, YEAR) == fen


def test_jiangsu_prices_of_other_connections() -> None:
    """1–10 kV, a shared meter, and peak and valley with surcharges on both registers, as the same pages print them."""
    steps = [{"up_to": "2760", "price": "0.5183"}, {"up_to": "4800", "price": "0.5683"}, {"price": "0.8183"}]
    assert cost(utility({"tiers": {"per": "year", "steps": steps}}), "3000", YEAR) == 143_051 + 13_639
    assert cost(utility({"price": "0.5483"}), "3000", YEAR) == 164_490
    rule = utility(PEAK_VALLEY)
    quote = bill(rule, reading(None, YEAR, registers={"peak": Fraction(2_000), "valley": Fraction(1_000)}))
    assert whats(quote) == [("register", 111_660), ("register", 35_830), ("tier_surcharge", 1_200)]
    more = bill(rule, reading("5000", YEAR, registers={"peak": Fraction(3_000), "valley": Fraction(2_000)}))
    assert whats(more) == [
        ("register", 167_490),
        ("register", 71_660),
        ("tier_surcharge", 10_200),
        ("tier_surcharge", 6_000),
    ]


def test_surcharge_on_one_price_is_the_same_as_prices() -> None:
    """A city may print the price of every tier, or one price and what the higher tiers add: the bill is the same."""
    adds = utility({"price": "0.5283", "tiers": PEAK_VALLEY["tiers"]})
    for units in ("2760", "3000", "6000"):
        assert cost(adds, units, YEAR) == cost(utility(POWER), units, YEAR)


def test_year_runs_on_over_the_bills_of_the_months() -> None:
    """Twelve bills of 250 kWh are the year's 3,000: the tier begins in the month in which 2,760 are reached, and every bill is rounded."""
    rule = utility(POWER)
    bills = [
        bill(
            rule, reading("250", (first, add_months(first, 1) - timedelta(days=1)), units_before=Fraction(250 * index))
        )
        for index in range(12)
        for first in [date(2026, index + 1, 1)]
    ]
    used = [
        sum(Fraction(line.facts["units"]) for one in bills for line in one.lines if line.facts["tier"] == tier)
        for tier in (1, 2)
    ]
    assert used == [2_760, 240]
    assert [one.minor for one in bills] == [13_208] * 11 + [14_408]
    assert abs(sum(one.minor for one in bills) - 159_690) <= 12
    assert rule.tier_period(date(2026, 12, 31)) == YEAR
    assert utility(WATER).tier_period(date(2026, 12, 31)) is None


def test_printed_two_months_in_halves() -> None:
    """55 m³ in two months are 27 and 28, a month each: 10,368 yen as the town prints it."""
    quote = bill(utility(MIDORI, "JPY"), reading("55", JULY_AUGUST, size="20"))
    assert quote.minor == 10_368
    assert whats(quote) == [
        ("tier", 1_000),
        ("tier", 2_600),
        ("tier", 2_700),
        ("base_fee_months", 3_300),
        ("bill_tax", 768),
    ]
    one_month = bill(utility(MIDORI, "JPY"), reading("27", JANUARY, size="20"))
    assert one_month.minor == 5_086  # 4,710 × 1.08 = 5,086.8, and a single month is not cut


def test_a_reading_is_cut_into_the_months_it_has() -> None:
    """Three months of 30 m³ are three times a month of 30, limits and base fee too; two months and days are no equal months."""
    rule = utility(MIDORI, "JPY")
    month = 500 + 1_300 + 1_800 + 1_650
    three = (date(2026, 7, 1), date(2026, 9, 30))
    quote = bill(rule, reading("90", three, size="20"))
    assert quote.minor == int(3 * month * Fraction(108, 100))
    assert [line.facts["months"] for line in quote.lines if line.what == "base_fee_months"] == ["3"]
    assert bill(rule, reading("91", three, size="20")).minor == int((3 * month + 180) * Fraction(108, 100))
    with pytest.raises(EventInvalid) as caught:
        bill(rule, reading("91", (date(2026, 7, 1), date(2026, 9, 29)), size="20"))
    assert caught.value.fields["field"] == "period_to"
    assert "of 2 months" in str(caught.value)
    assert "not 2 months and some days" in str(caught.value)


def test_odd_unit_goes_to_one_half() -> None:
    """Seven units are three and four: at a limit of three a month just one of them is dear, in whichever month; tenths are cut too."""
    steps = [{"up_to": "3", "price": "1"}, {"price": "100"}]
    for odd_units in ("first", "last"):
        rule = {"tiers": {"per": "month", "steps": steps}, "split_reading": {"months": 2, "odd_units": odd_units}}
        assert cost(utility(rule, "JPY"), "7", JULY_AUGUST) == 6 + 100
        assert cost(utility({**rule, "unit_decimals": 1}, "JPY"), "6.1", JULY_AUGUST) == 6 + 10


@pytest.mark.parametrize(("units", "yen"), [("8", 1_501), ("15", 3_085)])
def test_printed_tax_rounds_down(units: str, yen: int) -> None:
    """1,365 yen and a tenth of tax are 1,501.5, of which the half is dropped, as the city prints it."""
    quote = bill(utility(NAGASAKI, "JPY"), reading(units))
    assert quote.minor == yen
    assert quote.lines[-1][:2] == ("rounded_down", -1)


@pytest.mark.parametrize(("units", "yen"), [("13", 2_690), ("14", 2_880)])
def test_printed_tens_of_yen(units: str, yen: int) -> None:
    """Below ten yen is dropped: the line `rounded_down` says how much."""
    assert cost(utility(SHIKI, "JPY"), units) == yen


def test_sewage_with_its_own_free_units() -> None:
    """The first 12 m³ of four months are exempt; a restaurant pays for 70 % of its water; both as published in Hong Kong."""
    home = utility({"price": "0", "add_ons": [SEWAGE]}, "HKD")
    assert [cost(home, units, FOUR_MONTHS) for units in ("0", "12", "13", "100")] == [0, 0, 292, 25_696]
    assert cost(home, "30", JANUARY, units_before=Fraction(10)) == 28 * 292
    assert cost(home, "30", JANUARY, units_before=Fraction(50)) == 30 * 292
    shop = utility({"price": "0", "add_ons": [{"name": "sewage", "price": "2.92", "share_of_units": "0.7"}]}, "HKD")
    assert cost(shop, "100", FOUR_MONTHS) == 20_440


def test_limits_of_several_months_and_of_days() -> None:
    """A limit a month is given for each month begun, or by the days; one of four months once for four months, by days for its part."""
    steps = [{"up_to": "10", "price": "1.00"}, {"price": "2.00"}]
    whole = utility({"tiers": {"per": "month", "steps": steps}})
    by_days = utility({"tiers": {"per": "month", "steps": steps, "part_months": "by_days"}})
    january_and_a_half = (date(2026, 1, 1), date(2026, 2, 14))
    assert cost(whole, "20", january_and_a_half) == 2_000
    assert cost(by_days, "20", january_and_a_half) == 2_500  # 10 and 14/28 of 10
    assert (
        cost(by_days, "20", (date(2026, 1, 15), date(2026, 1, 15))) == 2_000 + 2_000 - 32
    )  # one day of 31: 10/31 at 1.00
    months = utility({"tiers": {"per": {"months": 4}, "steps": steps}})
    assert [cost(months, "30", period) for period in (JANUARY, FOUR_MONTHS, YEAR)] == [5_000, 5_000, 3_000]
    shared = utility({"tiers": {"per": {"months": 4}, "steps": steps, "part_months": "by_days"}})
    assert cost(shared, "30", JANUARY) == 6_000 - 250
    with pytest.raises(EventInvalid, match="units_before"):
        cost(shared, "1", JANUARY, units_before=Fraction(1))
    a_bill = utility({"tiers": {"per": "bill", "steps": steps}})
    assert cost(a_bill, "30", YEAR) == 5_000


def test_large_household_has_higher_limits() -> None:
    """From the fifth person on each one raises every limit of the month by 4 t."""
    tiers = {**WATER["tiers"], "household": {"people": 4, "each_adds": "4"}}
    rule = utility({"tiers": tiers})
    assert [cost(rule, "40", household=people) for people in (0, 4, 5, 6)] == [9_900, 9_900, 9_180, 8_460]
    two_months = bill(rule, reading("80", JULY_AUGUST, household=6))
    assert two_months.minor == 2 * 8_460


def test_free_units_are_the_first_ones_and_somebody_pays_them() -> None:
    """A household on relief has its first 10 t free; the town pays their price, and the tiers stay where they are."""
    rule = utility(
        {
            **WATER,
            "free_units": [
                {"name": "relief", "units": "10", "traits": ["low_income"], "sponsor": "civil_affairs"},
                {"name": "veterans", "units": "5", "traits": ["veteran", "alone"]},
            ],
        }
    )
    relieved = bill(rule, reading("25", traits=frozenset({"low_income"})))
    assert relieved.minor == 7_325 - 1_800
    assert relieved.sponsored() == {"civil_affairs": 1_800}
    assert cost(rule, "8", traits=frozenset({"low_income"})) == 8 * 95
    assert cost(rule, "25", traits=frozenset({"veteran"})) == 7_325
    assert cost(rule, "25", traits=frozenset({"veteran", "alone"})) == 7_325 - 900
    assert cost(rule, "25", JULY_AUGUST, traits=frozenset({"low_income"})) == 25 * 275 - 20 * 180


def test_free_units_of_a_year_are_used_up() -> None:
    """A yearly allowance that earlier bills used up frees nothing more; registers give up their units in proportion."""
    free = [{"name": "relief", "units": "120", "per": "year", "sponsor": "bureau"}]
    rule = utility({**POWER, "free_units": free})
    assert [cost(rule, "100", units_before=Fraction(before)) for before in (0, 100, 120)] == [0, 4_226, 5_283]
    registers = utility({**PEAK_VALLEY, "free_units": free})
    quote = bill(registers, reading(None, registers={"peak": Fraction(300), "valley": Fraction(100)}))
    assert quote.sponsored() == {"bureau": 6_100}  # 90 × 0.5583 + 30 × 0.3583 = 60.996
    nothing = bill(registers, reading(None, registers={"peak": Fraction(0), "valley": Fraction(0)}))
    assert (nothing.minor, nothing.sponsored()) == (0, {})


def test_base_fee_by_size_and_month() -> None:
    """The pipe decides what is paid whatever is used; a size without a price is named, and one that was not said too."""
    rule = utility(
        {
            "price": "1",
            "base_fees": [
                {"name": "pipe", "by_size": {"20": "8.00"}},
                {"name": "letter", "per": "bill", "price": "1.50"},
            ],
        }
    )
    assert cost(rule, "0", size="20") == 950
    assert whats(bill(rule, reading("2", JULY_AUGUST, size="20"))) == [
        ("units", 200),
        ("base_fee_months", 1_600),
        ("base_fee", 150),
    ]
    with pytest.raises(RuleMissing) as missing:
        cost(rule, "0", size="40")
    assert missing.value.public_fields() == {"place": "utilities.home.base_fees.0.by_size.40"}
    with pytest.raises(EventInvalid) as unsaid:
        cost(rule, "0")
    assert unsaid.value.public_fields()["field"] == "size"


def test_minimum_is_the_least_that_is_paid() -> None:
    """A bill below the minimum is lifted to it, one above is as it is; rounding never takes it below."""
    rule = utility({"price": "0.37", "minimum": "5.05", "rounding": {"to": "0.10", "how": "down"}})
    assert [cost(rule, units) for units in ("0", "13", "14")] == [505, 505, 510]
    assert whats(bill(rule, reading("13")))[-1] == ("bill_minimum", 25)


def test_tax_on_units_only() -> None:
    """A fee that bears no tax bears none."""
    rule = {"price": "1.00", "base_fees": [{"name": "meter", "price": "10.00"}], "tax": {"factor": "1.1"}}
    assert cost(utility(rule), "100") == 12_100
    assert cost(utility({**rule, "tax": {"factor": "1.1", "on": "units"}}), "100") == 12_000


def test_every_line_rounded_or_the_bill_once() -> None:
    """Lines of 0.4 fen are nothing each and something together; which of the two a city means, it says."""
    rule = {
        "price": "0.004",
        "add_ons": [{"name": "a", "price": "0.004"}, {"name": "b", "price": "0.004"}],
        "free_units": [{"name": "relief", "units": "1", "traits": ["low"], "sponsor": "bureau"}],
    }
    once, each = utility(rule), utility({**rule, "round_each_line": True})
    assert (cost(once, "1"), cost(each, "1")) == (1, 0)
    assert (cost(once, "2"), cost(each, "2")) == (2, 3)
    assert cost(each, "2", traits=frozenset({"low"})) == 2
    taxed = utility({**rule, "round_each_line": True, "tax": {"factor": "1.5"}})
    assert [line.minor for line in bill(taxed, reading("2")).lines] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("given_reading", "wrong"),
    [
        (reading("-1"), "units"),
        (reading(str(MAX_UNITS + 1)), "units"),
        (reading("0.5"), "units"),
        (reading(None), "units"),
        (reading("1", (date(2026, 2, 1), date(2026, 1, 31))), "period_to"),
        (reading("1", (date(2016, 1, 1), date(2026, 1, 31))), "period_to"),
        (reading("1", (date(9999, 12, 1), date(9999, 12, 31))), "period_to"),
        (reading("1", household=-1), "household"),
        (reading("1", units_before=Fraction(-1)), "units_before"),
        (reading("1", registers={"peak": Fraction(1)}), "registers"),
    ],
)
def test_what_cannot_be_is_not_priced(given_reading: Reading, wrong: str) -> None:
    """A reading error does not become a bill; the field is named."""
    with pytest.raises(EventInvalid) as refused:
        bill(utility(POWER), given_reading)
    assert refused.value.public_fields()["field"] == wrong


def test_registers_are_those_of_the_rule() -> None:
    """A meter with two registers is read twice, and what is said in all is their sum."""
    rule = utility(PEAK_VALLEY)
    for units, registers in (
        ("3", {}),
        (None, {"peak": Fraction(1)}),
        ("3", {"peak": Fraction(1), "valley": Fraction(1)}),
    ):
        with pytest.raises(EventInvalid):
            bill(rule, reading(units, registers=registers))
    assert bill(rule, reading("2", registers={"peak": Fraction(1), "valley": Fraction(1)})).minor == 92
