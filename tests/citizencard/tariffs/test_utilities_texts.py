"""Sentences about bills of utilities."""

from fractions import Fraction

from citizencard.tariffs.sentences import sentence
from citizencard.tariffs.utilities import bill
from tests.citizencard.tariffs.make_utilities import PEAK_VALLEY, WATER, YEAR, reading, tariff, utility


def test_every_line_has_its_sentence() -> None:
    """Whatever a bill is made of, the resident reads why, in both languages."""
    rich = {
        **PEAK_VALLEY,
        "free_units": [{"name": "relief", "title": "低保", "units": "10", "per": "year", "sponsor": "bureau"}],
        "base_fees": [
            {"name": "pipe", "by_size": {"20": "8.00"}},
            {"name": "letter", "title": "账单费", "per": "bill", "price": "1.50"},
        ],
        "add_ons": [{"name": "fund", "title": "基金", "price": "0.0333"}],
        "tax": {"factor": "1.13"},
        "rounding": {"to": "0.10", "how": "up"},
        "minimum": "5000.00",
    }
    priced = tariff(rich)
    full = reading(None, YEAR, registers={"peak": Fraction(3_001), "valley": Fraction(2_000)}, size="20")
    quote = bill(priced.utilities["home"], full)
    assert {line.what for line in quote.lines} == {
        "register", "tier_surcharge", "free_units", "base_fee_months", "base_fee", "add_on", "bill_tax", "rounded_up", "bill_minimum",
    }  # fmt: skip
    assert "低保" in sentence(quote, priced.money, "zh")
    assert "paid by bureau" in sentence(quote, priced.money, "en")
    for rule in (WATER, {"price": "1"}):
        for units in ("0", "35"):
            assert "应付 ¥" in sentence(bill(utility(rule), reading(units)), priced.money, "zh")
