"""Months between dates."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.tariffs.months import Span, add_months, calendar_period, span

DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (date(2026, 1, 1), date(2026, 1, 31), Span(1, 1, Fraction(1))),
        (date(2026, 1, 10), date(2026, 3, 9), Span(2, 2, Fraction(2))),
        (date(2026, 1, 1), date(2026, 1, 1), Span(0, 1, Fraction(1, 31))),
        (date(2026, 2, 1), date(2026, 3, 1), Span(1, 2, 1 + Fraction(1, 31))),
        (date(2026, 1, 31), date(2026, 2, 27), Span(1, 1, Fraction(1))),
        (date(2024, 1, 1), date(2024, 12, 31), Span(12, 12, Fraction(12))),
    ],
)
def test_months_of_a_period(first: date, last: date, found: Span) -> None:
    """A bill's months are those that the household counts on its calendar."""
    assert span(first, last) == found


def test_missing_day_is_the_last_of_the_month() -> None:
    """Half a year after 31 August is the end of February."""
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert add_months(date(2023, 12, 31), 2) == date(2024, 2, 29)
    with pytest.raises(OverflowError):
        add_months(date(9999, 12, 1), 1)


def test_periods_of_the_calendar() -> None:
    """Yearly tiers begin on 1 January, those of four months three times a year."""
    assert calendar_period(date(2026, 7, 3), 12) == (date(2026, 1, 1), date(2026, 12, 31))
    assert calendar_period(date(2026, 8, 31), 4) == (date(2026, 5, 1), date(2026, 8, 31))


@given(DAYS, st.integers(0, 900))
def test_months_go_with_days(first: date, days: int) -> None:
    """A longer period has no fewer months, and those begun are the full ones or one more."""
    last = date.fromordinal(first.toordinal() + days)
    short, longer = span(first, last), span(first, date.fromordinal(last.toordinal() + 1))
    assert short.whole <= short.exact <= short.begun <= short.whole + 1
    assert short.exact <= longer.exact
    assert calendar_period(last, 12)[0] <= last <= calendar_period(last, 12)[1]
