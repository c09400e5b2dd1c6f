"""The line of taps per minute, as whole-number coordinates of an SVG that stretches with the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

STEP: Final = 10
HEIGHT: Final = 1_000
TICKS: Final = 4
_ROUND: Final = (2, 4, 6, 8, 10, 12, 16, 20)


@dataclass(frozen=True, slots=True)
class Plot:
    """A line chart.

    Args:
        width, height: of the view box.
        line: points of the line, `x,y` separated by spaces.
        area: the same closed along the bottom.
        top: value at the upper edge; the lower edge is 0.
        ticks: instants to be written under the chart, at equal distances from its left to its right edge.
        busiest: the minute with most taps, the first of several; None when there were none.
        busiest_count: how many taps it had.
        peak: where that is, `(x, y)`.
        rows: the minutes that had taps, latest first.
    """

    width: int
    height: int
    line: str
    area: str
    top: int
    ticks: tuple[datetime, ...]
    busiest: datetime | None
    busiest_count: int
    peak: tuple[int, int]
    rows: tuple[tuple[datetime, int], ...]


def plot(per_minute: Sequence[tuple[datetime, int]]) -> Plot:
    """Draw minutes, oldest first, at least two of them.

    Raises:
        ValueError: fewer than two minutes have no line.
    """
    if len(per_minute) < 2:  # noqa: PLR2004 # a line has two ends
        raise ValueError("a line needs two points")
    counts = [count for _, count in per_minute]
    top = nice_top(max(counts))
    width = STEP * (len(counts) - 1)
    points = [(STEP * number, HEIGHT - count * HEIGHT // top) for number, count in enumerate(counts)]
    line = " ".join(f"{x},{y}" for x, y in points)
    peak = counts.index(max(counts))
    last = len(counts) - 1
    return Plot(
        width=width,
        height=HEIGHT,
        line=line,
        area=f"0,{HEIGHT} {line} {width},{HEIGHT}",
        top=top,
        ticks=tuple(per_minute[last * tick // TICKS][0] for tick in range(TICKS + 1)),
        busiest=per_minute[peak][0] if counts[peak] else None,
        busiest_count=counts[peak],
        peak=points[peak],
        rows=tuple((when, count) for when, count in reversed(per_minute) if count),
    )


def nice_top(highest: int) -> int:
    """The least even round number that is not below the highest value: its half is a whole number too."""
    scale = 1
    while _ROUND[-1] * scale < highest:
        scale *= 10
    return next(step * scale for step in _ROUND if step * scale >= highest)
