"""Every line of a taxi quote has a sentence in both languages."""

from fractions import Fraction
from typing import Any

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.quotes import Line
from citizencard.tariffs.sentences import piece
from citizencard.tariffs.taxi import Trip, quote
from citizencard.tariffs.taxi_texts import TEXTS
from tests.citizencard.tariffs.make_rules import EIGHT, OFFSET, tariff

FLEET: dict[str, Any] = {
    "title": "fleet",
    "flag": {"km": "3", "price": "9.00"},
    "km_price": "1.60",
    "empty_return": [{"beyond_km": "3", "adds": "0.5"}],
    "waiting": {"each_seconds": 30, "as_km": "0.1"},
    "night": [{"when": {"hours": {"from": "00:00", "until": "24:00"}}, "flag_adds": "1.00", "km_adds": "0.2"}],
}


def test_every_line_is_a_sentence() -> None:
    """No passenger reads a placeholder, and no text is for a line that no rule makes."""
    lines: list[Line] = []
    for included, how in ((True, "up"), (False, "down")):
        fields = {"fuel_surcharge": {"price": "1.00", "included": included}, "rounding": {"to": "1.00", "how": how}}
        rule = tariff("taxi", FLEET | fields).taxi["x"]
        lines += quote(rule, Trip(EIGHT, Fraction("5.5"), 61), OFFSET).lines
    assert {line.what for line in lines} == TEXTS.keys()
    yuan = Money("CNY", 2)
    said = {line.what: (piece(line, yuan, "zh"), piece(line, yuan, "en")) for line in lines}
    assert not [text for texts in said.values() for text in texts if "{" in text or not text]
    assert said["empty_return"][1] == "empty return, 50% more on 2.5 km one way: ¥2.00"
    assert said["fuel_included"][0] == "起步价已含燃油附加费¥1.00"
