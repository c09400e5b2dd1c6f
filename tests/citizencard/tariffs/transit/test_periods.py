"""Operating days, and the periods that are made of them."""

from datetime import date

import pytest

from citizencard.tariffs.transit.periods import operating_day, period_of
from citizencard.tariffs.transit.plans import rules_of
from tests.citizencard.tariffs.transit.make_rides import at, city


def test_operating_day() -> None:
    """The night bus at half past three belongs to the day before."""
    half_past_four = rules_of(city(day_starts="04:30"))
    assert operating_day(half_past_four, at("04:29:59")) == date(2026, 3, 1)
    assert operating_day(half_past_four, at("04:30")) == date(2026, 3, 2)
    assert operating_day(rules_of(city()), at("00:00")) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("period", "day", "first"),
    [
        ("day", date(2026, 3, 5), "2026-03-05"),
        ("week", date(2026, 3, 4), "2026-03-04"),
        ("week", date(2026, 3, 10), "2026-03-04"),
        ("week", date(2026, 3, 11), "2026-03-11"),
        ("week", date(2026, 1, 1), "2025-12-31"),
        ("month", date(2026, 2, 28), "2026-02-01"),
        ("year", date(2024, 2, 29), "2024-01-01"),
    ],
)
def test_period(period: str, day: date, first: str) -> None:
    """A period is known by its first day; here weeks begin on Wednesday."""
    assert period_of(rules_of(city(week_starts="wed")), period, day) == first
