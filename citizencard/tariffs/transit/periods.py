"""Operating days, and the weeks, months and years that are made of them."""

from datetime import date, datetime, timedelta
from typing import Final

from citizencard.tariffs.transit.model import Transit

WEEK_DAYS: Final = 7


def operating_day(transit: Transit, wall: datetime) -> date:
    """The operating day of a time on the wall clock: before the hour at which days begin it is still the day before."""
    return (wall - timedelta(seconds=transit.day_starts_s)).date()


def period_of(transit: Transit, period: str, day: date) -> str:
    """The first day, as ISO text, of the period that an operating day belongs to.

    Args:
        transit: says on which day weeks begin.
        period: `day`, `week`, `month` or `year`.
        day: the operating day.
    """
    if period == "week":
        day -= timedelta(days=(day.weekday() - transit.week_starts) % WEEK_DAYS)
    elif period == "month":
        day = day.replace(day=1)
    elif period == "year":
        day = day.replace(month=1, day=1)
    return day.isoformat()
