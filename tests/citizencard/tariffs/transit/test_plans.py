"""Which rules are for a line and a class, and the arithmetic of one ride."""

from fractions import Fraction

import pytest

from citizencard.tariffs.amounts import Rounding
from citizencard.tariffs.transit import plans
from citizencard.tariffs.transit.model import Line, Reduction, Scope
from citizencard.tariffs.transit.plans import is_for, percent, plan_of, reduced, shared
from tests.citizencard.tariffs.transit.make_rides import ADULT, METRO, SENIOR, city

CENT = Rounding()


def test_scope() -> None:
    """All that a scope names must fit; what it does not name does not matter."""
    entry = city().transit
    assert entry is not None
    route: Line = entry.lines[1]
    fitting = Scope(frozenset({1}), frozenset({"bus"}), frozenset({"city_bus"}), frozenset({1, 2}))
    assert is_for(Scope(), 1, route, ADULT)
    assert is_for(fitting, 1, route, ADULT)
    assert not is_for(fitting, 3, route, ADULT)
    assert not is_for(fitting, 1, route, SENIOR)
    assert not is_for(Scope(modes=frozenset({"metro"})), 1, route, ADULT)
    assert not is_for(Scope(operators=frozenset({"metro"})), 1, route, ADULT)
    assert not is_for(Scope(operators=frozenset({"metro"})), 801, entry.lines[801], ADULT), "a line without operator"


@pytest.mark.parametrize(
    ("reduction", "left"),
    [
        (None, 105),
        (Reduction(pays=Fraction(1, 2)), 53),
        (Reduction(pays=Fraction(0)), 0),
        (Reduction(less=100), 5),
        (Reduction(less=106), 0),
        (Reduction(costs=50), 50),
        (Reduction(costs=150), 105),
        (Reduction(costs=0), 0),
    ],
)
def test_reductions(reduction: Reduction | None, left: int) -> None:
    """Never below nothing, never above what it was."""
    assert reduced(105, reduction, CENT) == left


def test_shares() -> None:
    """Halves go up; rounding to a coarse step makes nothing dearer."""
    assert [shared(amount, Fraction(1, 2), CENT) for amount in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert shared(7, Fraction(1, 2), Rounding(10, "up")) == 7
    assert shared(7, None, CENT) == 7


def test_percent() -> None:
    """A share as people say it."""
    shares = ["0.95", "1", "0", "0.125", "2/3"]
    assert [percent(Fraction(text)) for text in shares] == ["95%", "100%", "0%", "12.5%", "2/3"]


def test_rules_are_looked_up_once_and_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tariff of thousands of lines is priced without looking through its rules for each tap, and in bounded memory."""
    tariff = city(concessions=[{"modes": ["metro"], "pays": "0.5"}])
    assert plan_of(tariff, 1, ADULT) is plan_of(tariff, 1, ADULT)
    assert plan_of(tariff, METRO, ADULT).discounts
    assert not plan_of(tariff, 1, ADULT).discounts
    monkeypatch.setattr(plans, "MAX_PLANS", 3)
    for line in range(1, 20):
        plan_of(tariff, line, ADULT)
    assert tariff.transit is not None
    assert len(tariff.transit.plans) <= 3
