"""The rule of a lot, read."""

from fractions import Fraction
from typing import Any

from citizencard.tariffs.parking_rules import Free, Step
from citizencard.tariffs.when import When
from tests.citizencard.tariffs.make_rules import tariff

RULE: dict[str, Any] = {
    "title": "lot",
    "rounding": {"to": "0.10", "how": "down"},
    "vehicles": ["small", "large"],
    "free": {"minutes": 15, "longer_stays": "charged_after", "again": "every_period"},
    "period": "calendar_day",
    "next_period": "continues",
    "free_period_every": 7,
    "charges": [
        {
            "name": "day",
            "vehicles": ["small"],
            "when": {"hours": {"from": "07:00", "until": "21:00"}},
            "steps": [
                {"up_to_minutes": 60, "each_minutes": 60, "price": "5.00"},
                {"each_minutes": 30, "price": "2.00"},
            ],
            "part_of_step": "free",
            "long_stay": {"after_minutes": 600, "price": "20.00"},
            "most_a_period": "40.00",
        },
        {"a_visit": "3.00"},
    ],
    "most_a_period": "45.00",
    "discounts": [{"name": "green", "traits": ["ev"], "pays": "2/3", "sponsor": "city"}],
    "permits": {"month": {"period": "month", "price": "150.00", "vehicles": ["small"]}},
}


def test_document_is_read_whole() -> None:
    """What two people agree on is what lots are priced by: every field of the document has its place in the rule."""
    rule = tariff("parking", RULE).parking["x"]
    assert (rule.place, rule.title, rule.vehicles, rule.period) == (
        "parking.x",
        "lot",
        ("small", "large"),
        "calendar_day",
    )
    assert (rule.free, rule.steps_continue, rule.free_period_every) == (Free(15, True, True), True, 7)
    assert (rule.rounding.to, rule.rounding.how, rule.most) == (10, "down", 4_500)
    day, visit = rule.charges
    assert (day.place, day.name, day.vehicles) == ("parking.x.charges.0", "day", frozenset({"small"}))
    assert day.when == When(hours=(7 * 3600, 21 * 3600))
    assert day.steps == (Step(60, 60, 500), Step(None, 30, 200))
    assert (day.part_of_step, day.long_stay, day.most) == ("free", (600, 2_000), 4_000)
    assert (visit.a_visit, visit.steps, visit.when, visit.vehicles) == (300, (), None, None)
    green = rule.discounts[0]
    assert (green.name, green.traits, green.pays, green.sponsor) == ("green", frozenset({"ev"}), Fraction(2, 3), "city")
    month = rule.permits["month"]
    assert (month.title, month.period, month.price, month.vehicles) == ("month", "month", 15_000, frozenset({"small"}))


def test_what_is_left_out() -> None:
    """The shortest rule: one price, day and night, without end."""
    rule = tariff("parking", {"title": "lot", "charges": [{"a_visit": "1.00"}]}).parking["x"]
    assert (rule.free, rule.period, rule.steps_continue, rule.most, rule.discounts) == (Free(), "stay", False, None, ())
    assert rule.charges[0].part_of_step == "counts"
