"""Quotes: a price is the sum of its lines, and each line names its rule."""

import json

import pytest

from citizencard.tariffs.quotes import Line, Quote, line_data, quote_of, read_quote

LINES = [
    Line("base", 200, "transit.lines.1.fare", {"line": 1}),
    Line("concession", -80, "transit.concessions.0", {"class": "adult"}, "city"),
    Line("transfer", -20, "transit.transfers.0", {}, "city"),
    Line("cap", -10, "transit.caps.0"),
]


def test_a_price_is_the_sum_of_its_lines() -> None:
    """What is told adds up, and what somebody else pays is told by name."""
    quote = quote_of(LINES)
    assert quote.minor == 90
    assert quote.sponsored() == {"city": 100}


def test_a_price_below_nothing_is_no_price() -> None:
    """An engine that would pay people for riding is stopped."""
    with pytest.raises(ValueError, match="-1"):
        quote_of([Line("base", -1, "x")])


def test_explanations_are_plain_data() -> None:
    """Stored as JSON and read again, a reason is the same reason."""
    quote = quote_of(LINES)
    stored = json.loads(json.dumps(quote.as_data()))
    assert read_quote({**stored, "kept": "beside it"}) == quote
    assert line_data(Line("cap", -10, "transit.caps.0")) == {"what": "cap", "minor": -10, "rule": "transit.caps.0"}
    assert Quote(0, ()).sponsored() == {}
