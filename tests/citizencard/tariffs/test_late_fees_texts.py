"""Sentences about late fees."""

from datetime import date

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.late_fees import Arrears, late_fee
from citizencard.tariffs.sentences import sentence
from tests.citizencard.tariffs.make_utilities import late
from tests.citizencard.tariffs.test_late_fees import DUE, HONG_KONG, OTHERS, RESIDENTS

YUAN = Money("CNY", 2)


def test_every_line_has_its_sentence() -> None:
    """Whoever pays a fee reads why, in both languages."""
    rule = late({**OTHERS, "once": HONG_KONG["once"], "minimum": "9000.00", "most_share": "2"})
    quotes = [
        late_fee(rule, Arrears(1_001, date(2026, 12, 1), date(2027, 8, 1))),
        late_fee(rule, Arrears(1_001, DUE, DUE)),
        late_fee(late({**RESIDENTS, "rounding": {"to": "0.10", "how": "up"}}), Arrears(1_001, DUE, date(2027, 8, 1))),
    ]
    whats = {line.what for quote in quotes for line in quote.lines}
    assert whats == {"late_days", "late_past_year", "late_once", "late_minimum", "late_most", "not_late", "rounded_up"}
    for quote in quotes:
        assert "应付 ¥" in sentence(quote, YUAN, "zh")
        assert "to pay ¥" in sentence(quote, YUAN, "en")
