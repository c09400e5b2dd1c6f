"""Every line of a parking quote has a sentence in both languages."""

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.parking import Stay, permit, quote
from citizencard.tariffs.parking_texts import TEXTS
from citizencard.tariffs.quotes import Line
from citizencard.tariffs.sentences import piece
from tests.citizencard.tariffs.make_rules import EIGHT, OFFSET, minutes, tariff

YUAN = Money("CNY", 2)
STEPS = [{"up_to_minutes": 60, "each_minutes": 60, "price": "5.00"}, {"each_minutes": 30, "price": "2.00"}]
LOTS = (
    {
        "period": "calendar_day",
        "free_period_every": 2,
        "free": {"minutes": 10, "longer_stays": "charged_after"},
        "charges": [
            {"when": {"hours": {"from": "08:00", "until": "10:00"}}, "steps": STEPS},
            {"when": {"hours": {"from": "12:00", "until": "14:00"}}, "a_visit": "3.00"},
            {"when": {"hours": {"from": "14:00", "until": "16:00"}}, "a_period": "9.00", "most_a_period": "8.00"},
            {"when": {"hours": {"from": "16:00", "until": "18:00"}}, "steps": STEPS, "part_of_step": "by_minute"},
            {
                "when": {"hours": {"from": "18:00", "until": "20:00"}},
                "steps": STEPS,
                "long_stay": {"after_minutes": 60, "price": "9.00"},
            },
        ],
        "discounts": [{"name": "green", "traits": ["ev"], "pays": "0.333", "sponsor": "city"}],
    },
    {"rounding": {"to": "1.00", "how": "up"}, "charges": [{"steps": [{"each_minutes": 60, "price": "0.50"}]}]},
    {"rounding": {"to": "1.00", "how": "down"}, "charges": [{"steps": [{"each_minutes": 60, "price": "0.50"}]}]},
)
PERMITS = {
    "month": {
        "title": "月票",
        "period": "month",
        "price": "150.00",
        "when": {"hours": {"from": "10:00", "until": "11:00"}},
    }
}


def test_every_line_is_a_sentence() -> None:
    """No driver reads a placeholder, and no text is for a line that no rule makes."""
    lines: list[Line] = []
    for fields in LOTS:
        rule = tariff("parking", {"title": "lot", "permits": PERMITS, **fields}).parking["x"]
        lines += quote(rule, Stay(EIGHT, EIGHT + minutes(1440), None, frozenset({"ev", "month"})), OFFSET).lines
        lines += permit(rule, "month").lines
    assert {line.what for line in lines} == TEXTS.keys()
    said = {line.what: (piece(line, YUAN, "zh"), piece(line, YUAN, "en")) for line in lines}
    assert not [text for texts in said.values() for text in texts if "{" in text or not text]
    assert said["long_stay"][1] == "more than 60 min: 1 × ¥9.00 for a long stay: ¥9.00"
    assert said["permit"] == ("月票：¥150.00", "月票: ¥150.00")
    assert said["discount"][1].endswith("(paid by city)")
