"""The condition `when` of a rule: hours, days, season and dates, on the wall clock of the tariff's own offset from UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_S: Final = 24 * 3600
FULL_DAY: Final = (0, DAY_S)


@dataclass(frozen=True, slots=True)
class When:
    """At which times a rule holds; what is None does not matter.

    Args:
        hours: seconds of the day, from (included) and until (not included); until below from goes over midnight, and the hours after
            midnight belong to the new day for days, season and dates.
        days: 0 for Monday to 6.
        season: month and day of the first and the last day, both included; it may go over the turn of the year.
        dates: only on these.
        except_dates: never on these.
    """

    hours: tuple[int, int] | None = None
    days: frozenset[int] | None = None
    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    dates: frozenset[date] | None = None
    except_dates: frozenset[date] = frozenset()

    def holds(self, wall: datetime) -> bool:
        """Whether the rule holds at an instant that is given on the tariff's wall clock."""
        if self.hours is not None:
            second = wall.hour * 3600 + wall.minute * 60 + wall.second
            from_s, until_s = self.hours
            inside = from_s <= second < until_s if from_s < until_s else second >= from_s or second < until_s
            if not inside:
                return False
        return self.holds_on(wall.date())

    def holds_on(self, day: date) -> bool:
        """Whether a day fits, whatever the hour."""
        if self.days is not None and day.weekday() not in self.days:
            return False
        if self.season is not None:
            first, last = self.season
            today = (day.month, day.day)
            if not (first <= today <= last if first <= last else today >= first or today <= last):
                return False
        return (self.dates is None or day in self.dates) and day not in self.except_dates

    def spans(self, day: date) -> tuple[tuple[int, int], ...]:
        """The seconds of a day at which the rule holds, as (from, until) in order."""
        if not self.holds_on(day):
            return ()
        if self.hours is None:
            return (FULL_DAY,)
        from_s, until_s = self.hours
        if from_s < until_s:
            return ((from_s, until_s),)
        return tuple(span for span in ((0, until_s), (from_s, DAY_S)) if span[0] < span[1])


def covered_s(when: When | None, began: datetime, ended: datetime) -> int:
    """Seconds between two instants of the wall clock at which a rule holds; None holds always. Bounded by the days between them."""
    if when is None:
        return int((ended - began).total_seconds())
    midnight = began.replace(hour=0, minute=0, second=0, microsecond=0)
    total = 0
    while midnight < ended:
        from_s = max(0, int((began - midnight).total_seconds()))
        until_s = min(DAY_S, int((ended - midnight).total_seconds()))
        for span_from, span_until in when.spans(midnight.date()):
            total += max(0, min(until_s, span_until) - max(from_s, span_from))
        midnight += timedelta(days=1)
    return total


def read_when(entry: Mapping[str, Any] | None) -> When | None:
    """Read a condition without mistakes."""
    if entry is None:
        return None
    hours, season = entry.get("hours"), entry.get("season")
    return When(
        hours=None if hours is None else (clock_s(hours["from"]), clock_s(hours["until"])),
        days=frozenset(DAYS.index(name) for name in entry["days"]) if "days" in entry else None,
        season=None if season is None else (_day(season["from"]), _day(season["until"])),
        dates=frozenset(date.fromisoformat(text) for text in entry["dates"]) if "dates" in entry else None,
        except_dates=frozenset(date.fromisoformat(text) for text in entry.get("except_dates", ())),
    )


def clock_s(text: str) -> int:
    """Seconds of the day: "07:30" → 27,000; "24:00" → 86,400."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
