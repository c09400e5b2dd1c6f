"""The line of taps per minute."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages.plot import HEIGHT, nice_top, plot


def minutes(now: datetime, counts: list[int]) -> list[tuple[datetime, int]]:
    return [(now + timedelta(minutes=number), count) for number, count in enumerate(counts)]


def test_busiest_minute_is_found(now: datetime) -> None:
    """The first of several equally busy minutes is named; the table begins with the latest."""
    found = plot(minutes(now, [0, 3, 14, 0, 14]))
    assert (found.busiest, found.busiest_count, found.top) == (now + timedelta(minutes=2), 14, 16)
    assert found.peak == (20, HEIGHT - 14 * HEIGHT // 16)
    assert [count for _, count in found.rows] == [14, 14, 3]


def test_silence_is_a_flat_line(now: datetime) -> None:
    """Without taps there is a line at zero, and no busiest minute."""
    found = plot(minutes(now, [0] * 60))
    assert (found.busiest, found.rows, found.top) == (None, (), 2)
    assert {point.partition(",")[2] for point in found.line.split()} == {str(HEIGHT)}


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=60))
def test_line_stays_within_its_box(counts: list[int]) -> None:
    """Every point lies between the scale's ends, from the left edge to the right one, the highest at the peak."""
    found = plot(minutes(datetime(2026, 11, 21), counts))  # noqa: DTZ001 # the instant is of no account here
    points = [tuple(int(part) for part in point.split(",")) for point in found.line.split()]
    assert (points[0][0], points[-1][0]) == (0, found.width)
    assert all(0 <= y <= found.height for _, y in points)
    assert min(y for _, y in points) == found.peak[1]
    assert len(found.ticks) == 5


@given(st.integers(0, 10**9))
def test_scale_ends_at_a_round_even_number(highest: int) -> None:
    """The middle of the scale is a whole number of taps, and the line uses at least half the height."""
    top = nice_top(highest)
    assert top >= highest
    assert top % 2 == 0
    assert highest < 2 or top <= 2 * highest


def test_one_minute_has_no_line(now: datetime) -> None:
    """A line has two ends."""
    with pytest.raises(ValueError, match="two points"):
        plot([(now, 1)])
