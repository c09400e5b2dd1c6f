"""Conditions by time, on the city's wall clock."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.tariffs.when import When, clock_s, covered_s, read_when

BEIJING = timezone(timedelta(hours=8))


def wall(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+08:00")


MORNING = {"hours": {"from": "07:00", "until": "09:00"}}
NIGHT = {"hours": {"from": "22:00", "until": "05:00"}}
WINTER = {"season": {"from": "12-01", "until": "02-29"}}
WORKDAYS = {"days": ["mon", "tue", "wed", "thu", "fri"], "except_dates": ["2026-10-01"]}


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        (MORNING, ["03-02T07:00:00", "03-02T08:59:59"], ["03-02T09:00:00", "03-02T06:59:59"]),
        (NIGHT, ["03-02T22:00:00", "03-02T00:00:00", "03-02T04:59:59"], ["03-02T05:00:00", "03-02T21:59:59"]),
        ({"hours": {"from": "21:00", "until": "24:00"}}, ["03-02T23:59:59"], ["03-03T00:00:00"]),
        (WINTER, ["12-01T00:00:00", "02-28T12:00:00"], ["03-01T00:00:00", "11-30T23:59:59"]),
        (WORKDAYS, ["03-02T12:00:00", "09-30T12:00:00"], ["03-01T12:00:00", "10-01T12:00:00"]),
        ({"dates": ["2026-05-01"]}, ["05-01T00:00:00"], ["05-02T00:00:00"]),
        ({"days": ["mon"], **NIGHT}, ["03-02T23:00:00", "03-02T01:00:00"], ["03-03T01:00:00"]),
    ],
)
def test_a_condition_holds_from_until(entry: dict[str, Any], inside: list[str], outside: list[str]) -> None:
    """The first second counts, the last does not; the hours after midnight belong to the new day."""
    when = read_when(entry)
    assert when is not None
    assert [at for at in inside if not when.holds(wall(at))] == []
    assert [at for at in outside if when.holds(wall(at))] == []


def test_without_a_condition_a_rule_always_holds() -> None:
    """Nothing said is no condition; a clock is seconds of the day."""
    assert read_when(None) is None
    assert When().holds(wall("03-02T12:00:00"))
    assert (clock_s("00:00"), clock_s("07:30"), clock_s("24:00")) == (0, 27_000, 86_400)
    assert covered_s(None, wall("03-02T12:00:00"), wall("03-02T12:01:00")) == 60


INSTANT = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(BEIJING))  # noqa: DTZ001 # the strategy adds it


@settings(max_examples=40)
@given(INSTANT, st.integers(0, 3 * 1440), st.sampled_from([NIGHT, WINTER, WORKDAYS, {**NIGHT, **WORKDAYS}]))
def test_covered_time_is_the_sum_of_its_minutes(began: datetime, minutes: int, entry: dict[str, Any]) -> None:
    """What a lot charges for by hours is what a clock on the wall would count, minute by minute."""
    began = began.replace(second=0, microsecond=0)
    when = read_when(entry)
    assert when is not None
    counted = sum(when.holds(began + timedelta(minutes=minute)) for minute in range(minutes))
    assert covered_s(when, began, began + timedelta(minutes=minutes)) == 60 * counted


def test_a_condition_is_asked_on_the_wall_clock() -> None:
    """An instant in UTC is another hour in the city: whoever asks brings the city's."""
    when = read_when(MORNING)
    at = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    assert when is not None
    assert when.holds(at.astimezone(BEIJING))
    assert not when.holds(at)
