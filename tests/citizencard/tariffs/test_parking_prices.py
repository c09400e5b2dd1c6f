"""Periods priced, and added up into lines."""

from collections import Counter
from fractions import Fraction
from typing import Any

from citizencard.tariffs.parking_periods import Cut, Period
from citizencard.tariffs.parking_prices import Tally
from citizencard.tariffs.settling import Piece
from tests.citizencard.tariffs.make_rules import tariff


def pieces(charges: list[dict[str, Any]], kinds: dict[Period, int], **fields: object) -> list[Piece]:
    """The lines of periods of these kinds."""
    rule = tariff("parking", {"title": "lot", "charges": charges, **fields}).parking["x"]
    tally = Tally(rule, rule.charges)
    tally.add_all(Cut(Counter(kinds)))
    return tally.pieces()


def period(minutes: int, before: int = 0) -> Period:
    return Period((minutes,), (before,), frozenset())


STEPS = [{"up_to_minutes": 60, "each_minutes": 30, "price": "2.00"}, {"each_minutes": 30, "price": "1.00"}]


def test_equal_periods_share_a_line() -> None:
    """Ten days are told as one is: minutes, steps and amounts of all of them."""
    found = pieces([{"steps": STEPS, "name": "day"}], {period(90): 10})
    assert [(one.what, one.amount, one.facts["minutes"], one.facts["steps"]) for one in found] == [
        ("first", 4_000, 600, 20),
        ("steps", 1_000, 300, 10),
    ]
    assert {one.facts["charge"] for one in found} == {"day"}


def test_caps_take_off_what_is_over() -> None:
    """The charge's cap comes before that of the whole period, and each says how often it held."""
    found = pieces([{"steps": STEPS, "most_a_period": "4.50"}], {period(600): 2, period(30): 1}, most_a_period="4.00")
    over = [(one.amount, one.rule, one.facts) for one in found if one.what == "over_cap"]
    assert over == [
        (-2 * (2_200 - 450), "parking.x.charges.0.most_a_period", {"most_minor": 450, "periods": 2}),
        (-100, "parking.x.most_a_period", {"most_minor": 400, "periods": 2}),
    ]
    assert sum(one.amount for one in found) == 2 * 400 + 200


def test_parts_of_steps() -> None:
    """A part of a step counts, is free, or costs exactly its share."""
    for kind, amount in (("counts", 300), ("free", 200), ("by_minute", Fraction(700, 3))):
        steps = [{"each_minutes": 30, "price": "1.00"}]
        assert sum(one.amount for one in pieces([{"steps": steps, "part_of_step": kind}], {period(70): 1})) == amount


def test_steps_go_on_where_they_stood() -> None:
    """What the period before has paid for is not paid for again."""
    found = pieces([{"steps": STEPS}], {period(20, before=40): 1})
    assert [(one.what, one.amount) for one in found] == [("first", 0)]
    found = pieces([{"steps": STEPS}], {period(21, before=40): 1})
    assert [(one.what, one.amount) for one in found] == [("first", 0), ("steps", 100)]
