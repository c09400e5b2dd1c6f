"""Months between dates as bills count them: from a day to the same day of a later month, or to its last where that is missing."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from fractions import Fraction

MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Span:
    """How many months lie between two dates.

    Args:
        whole: full months.
        begun: full months, and one more for days beyond them.
        exact: full months, and the days beyond them as a share of the month that they lie in.
    """

    whole: int
    begun: int
    exact: Fraction


def add_months(day: date, months: int) -> date:
    """The same day so many months later: 31 January and 1 month are the last day of February.

    Raises:
        OverflowError: that is after the year 9999.
    """
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 + months, MONTHS_A_YEAR)
    if year > MAXYEAR:
        raise OverflowError(year)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def span(first: date, last: date) -> Span:
    """The months of a period, both of its days included: 1 to 31 January are one month, 10 January to 9 March are two.

    Raises:
        OverflowError: it ends at the end of the calendar.
    """
    end = last + timedelta(days=1)
    whole = (end.year - first.year) * MONTHS_A_YEAR + end.month - first.month
    if add_months(first, whole) > end:
        whole -= 1
    began = add_months(first, whole)
    beyond = (end - began).days
    if not beyond:
        return Span(whole, whole, Fraction(whole))
    return Span(whole, whole + 1, whole + Fraction(beyond, (add_months(first, whole + 1) - began).days))


def calendar_period(day: date, months: int) -> tuple[date, date]:
    """First and last day of the period of so many months that a day lies in.

    Periods are counted from January of the year 0, so that those of 2, 3, 4, 6 and 12 months begin with each year.
    """
    number = (day.year * MONTHS_A_YEAR + day.month - 1) // months * months
    first = date(number // MONTHS_A_YEAR, number % MONTHS_A_YEAR + 1, 1)
    return first, add_months(first, months) - timedelta(days=1)
