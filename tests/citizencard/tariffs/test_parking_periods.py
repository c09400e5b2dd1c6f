"""Stays cut into periods, equal ones counted."""

from dataclasses import replace

from citizencard.tariffs.parking_hours import wall_second
from citizencard.tariffs.parking_periods import Cutting, Period, cut_up
from citizencard.tariffs.parking_rules import Free
from tests.citizencard.tariffs.make_rules import EIGHT, tariff

DAY_S = 86_400


def cutting(minutes: int, **fields: object) -> Cutting:
    """A stay from 8:00 on, in a lot that charges from 7 to 21."""
    when = {"hours": {"from": "07:00", "until": "21:00"}}
    charge = {"when": when, "steps": [{"each_minutes": 60, "price": "1.00"}]}
    rule = tariff("parking", {"title": "lot", "charges": [charge], "period": "24_hours", **fields}).parking["x"]
    began_s = wall_second(EIGHT)
    return Cutting(rule, rule.charges, None, has_permit=False, began_s=began_s, ended_s=began_s + minutes * 60)


def test_equal_days_are_counted() -> None:
    """Three days and an hour are two kinds of period."""
    cut = cut_up(cutting(3 * 1440 + 60), Free())
    assert cut.kinds == {Period((840,), (0,), frozenset()): 3, Period((60,), (0,), frozenset()): 1}
    assert cut.charged_minutes == 3 * 840 + 60


def test_steps_that_continue_know_where_they_stand() -> None:
    """The second day goes on after the 840 minutes of the first, in the middle of a step of 15 hours."""
    stay = cutting(1440 + 60, next_period="continues")
    first = cutting(0).rule.charges[0].steps[0]
    steps = (replace(first, up_to_minutes=900, each_minutes=900), first)
    going_on = stay._replace(charges=(replace(stay.charges[0], steps=steps),))
    assert Period((60,), (840,), frozenset()) in cut_up(going_on, Free()).kinds


def test_positions_in_the_last_step_are_alike() -> None:
    """Years of a lot whose steps continue are few kinds of day: hours later, a step of an hour stands where it stood."""
    cut = cut_up(cutting(3000 * 1440 + 30, next_period="continues"), Free())
    assert cut.kinds == {Period((840,), (0,), frozenset()): 3000, Period((30,), (0,), frozenset()): 1}


def test_free_minutes_are_counted_once_or_each_day() -> None:
    """Whether the free minutes come again is the rule's to say."""
    stay = cutting(1440 + 20)
    assert cut_up(stay, Free(30, charged_after=True)).free_minutes == 30
    assert cut_up(stay, Free(30, charged_after=True, every_period=True)).free_minutes == 50
    assert cut_up(stay, Free(30)).free_minutes == 0


def test_free_periods_and_permits_take_minutes_away() -> None:
    """What is free altogether or covered by a permit is not charged."""
    stay = cutting(3 * 1440, free_period_every=2)
    cut = cut_up(stay, Free())
    assert (cut.free_periods, cut.free_period_minutes, cut.charged_minutes) == (1, 1440, 1680)
    held = cut_up(replace_permit(stay), Free())
    assert (held.permit_minutes, held.charged_minutes) == (2880, 0)


def replace_permit(stay: Cutting) -> Cutting:
    """The same with a permit for all hours."""
    return stay._replace(has_permit=True)


def test_a_visit_is_paid_where_it_begins() -> None:
    """Once in a stay, in the first period with a charged minute."""
    stay = cutting(3 * 1440)
    visit = replace(stay.charges[0], steps=(), a_visit=300)
    kinds = cut_up(stay._replace(charges=(visit,)), Free()).kinds
    assert sorted((len(kind.visits), times) for kind, times in kinds.items()) == [(0, 2), (1, 1)]
