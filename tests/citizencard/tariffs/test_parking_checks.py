"""Mistakes in the rule of a lot, each with its place."""

from typing import Any

import pytest

from tests.citizencard.tariffs.make_rules import faults

STEPS = [{"up_to_minutes": 60, "each_minutes": 30, "price": "2.00"}, {"each_minutes": 30, "price": "1.00"}]
RULE: dict[str, Any] = {"title": "lot", "charges": [{"steps": STEPS}]}
MORNING = {"hours": {"from": "07:00", "until": "12:00"}}
PERMIT = {"period": "month", "price": "150.00"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"title": ""}, "title"),
        ({"colour": "red"}, "colour"),
        ({"free": {"minutes": -1}}, "free.minutes"),
        ({"charges": []}, "charges"),
        ({"charges": [{}]}, "charges.0"),
        ({"charges": [{"steps": STEPS, "a_visit": "1.00"}]}, "charges.0"),
        ({"charges": [{"a_visit": "1.00", "long_stay": {"after_minutes": 1, "price": "1.00"}}]}, "charges.0.long_stay"),
        ({"charges": [{"a_period": "1.00", "part_of_step": "free"}]}, "charges.0.part_of_step"),
        ({"charges": [{"steps": STEPS[:1]}]}, "charges.0.steps.0.up_to_minutes"),
        ({"charges": [{"steps": [STEPS[1], STEPS[1]]}]}, "charges.0.steps.0.up_to_minutes"),
        ({"charges": [{"steps": [STEPS[0], STEPS[0], STEPS[1]]}]}, "charges.0.steps.1.up_to_minutes"),
        ({"charges": [{"steps": [STEPS[0] | {"each_minutes": 25}, STEPS[1]]}]}, "charges.0.steps.0.each_minutes"),
        ({"charges": [{"steps": [STEPS[0] | {"price": "2.005"}, STEPS[1]]}]}, "charges.0.steps.0.price"),
        ({"charges": [{"steps": STEPS, "most_a_period": "1.99"}]}, "charges.0.most_a_period"),
        ({"charges": [{"steps": STEPS}, {"a_visit": "1.00"}]}, "charges.1"),
        ({"charges": [{"when": MORNING, "steps": STEPS}, {"when": MORNING, "a_visit": "1.00"}]}, "charges.1"),
        ({"charges": [{"steps": STEPS, "vehicles": ["bus"]}]}, "charges.0.vehicles.0"),
        ({"vehicles": ["car", "bus"], "charges": [{"steps": STEPS, "vehicles": ["car"]}]}, "vehicles.1"),
        ({"permits": {"month": PERMIT | {"vehicles": ["bus"]}}}, "permits.month.vehicles.0"),
        ({"free_period_every": 7}, "free_period_every"),
        ({"next_period": "continues"}, "next_period"),
        ({"free": {"minutes": 30, "again": "every_period"}}, "free.again"),
        ({"discounts": [{"name": "d", "traits": ["t"]}]}, "discounts.0"),
        ({"discounts": [{"name": "d", "traits": ["t"], "less": "1.00", "pays": "0.5"}]}, "discounts.0"),
        (
            {"permits": {"month": PERMIT}, "discounts": [{"name": "d", "traits": ["month"], "less": "1.00"}]},
            "discounts.0.traits.0",
        ),
    ],
)
def test_each_mistake_has_its_place(change: dict[str, object], place: str) -> None:
    """No wrong value slips into a price."""
    assert [found for found, _ in faults("parking", RULE | change)] == [place]


def test_sound_rules_have_none() -> None:
    """What only looks alike is no mistake: other vehicles, other hours, shares of a step."""
    vehicles = {"vehicles": ["car", "bus"]}
    assert faults("parking", RULE) == []
    cars = [{"steps": STEPS, "vehicles": ["car"]}, {"a_visit": "1.00", "vehicles": ["bus"]}]
    assert faults("parking", RULE | vehicles | {"charges": cars}) == []
    assert faults("parking", RULE | {"charges": [{"when": MORNING, "steps": STEPS}, {"steps": STEPS}]}) == []
    odd = {"steps": [STEPS[0] | {"each_minutes": 25}, STEPS[1]], "part_of_step": "by_minute"}
    assert faults("parking", RULE | {"charges": [odd]}) == []


def test_mistakes_say_what_to_do() -> None:
    """Whoever writes a rule reads what must be there instead."""
    found = dict(faults("parking", RULE | {"charges": [{"steps": STEPS}, {"a_visit": "1.00"}]}))
    assert found == {"charges.1": "is never used: charges.0 fits first"}
    found = dict(faults("parking", RULE | {"vehicles": ["car"], "charges": [{"steps": STEPS, "vehicles": ["bus"]}]}))
    assert found["charges.0.vehicles.0"] == "must be one of car"
