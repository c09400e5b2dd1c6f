"""Every line of a fuel quote has a sentence in both languages."""

from fractions import Fraction

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.fuel import Refuel, quote
from citizencard.tariffs.fuel_texts import TEXTS
from citizencard.tariffs.quotes import Line
from citizencard.tariffs.sentences import piece
from tests.citizencard.tariffs.make_rules import EIGHT, OFFSET, tariff


def test_every_line_is_a_sentence() -> None:
    """No driver reads a placeholder, and no text is for a line that no rule makes."""
    lines: list[Line] = []
    for how in ("up", "down"):
        fields = {"rounding": {"to": "1.00", "how": how}, "discounts": [{"name": "taxi", "less_a_litre": "0.30"}]}
        rule = tariff("fuel", {"title": "station", "products": {"92": {"litre_price": "7.43"}}, **fields}).fuel["x"]
        lines += quote(rule, Refuel(EIGHT, "92", Fraction("33.3")), OFFSET).lines
    assert {line.what for line in lines} == TEXTS.keys()
    yuan = Money("CNY", 2)
    said = {line.what: (piece(line, yuan, "zh"), piece(line, yuan, "en")) for line in lines}
    assert not [text for texts in said.values() for text in texts if "{" in text or not text]
    assert said["litres"] == ("92：33.3升 ¥247.42", "33.3 l of 92: ¥247.42")
    assert said["discount"][1] == "discount taxi takes off ¥9.99"
