"""The full fare of a ride by each kind of fare."""

from datetime import UTC, datetime, timedelta

import pytest

from hardware.terminal.errors import RideNotPriced
from hardware.terminal.fares_base import Journey, base_fare
from hardware.terminal.fares_rules import (
    Between,
    ByDistance,
    ByTime,
    Condition,
    FareRule,
    Flat,
    LineRule,
    Sections,
    Steps,
)

WALL = datetime(2026, 11, 21, 8, tzinfo=UTC)
STEPS = Steps(6, 200, ((16, 5, 100), (None, 7, 100)))
KM = 10**6
BY_KM = ByDistance(Steps(6 * KM, 200, ((16 * KM, 5 * KM, 100), (None, 7 * KM, 100))))
MINUTES = ByTime(Steps(600, 200, ((None, 60, 10),)))
SECTIONS = Sections({1: 0, 2: 0, 3: 1, 7: 2}, (200, 300))
PAIRS = Between({(1, 2): 250, (2, 1): 260})


def fare(
    by: Flat | Sections | Between | ByDistance | ByTime,
    seconds: int | None = None,
    mm: int | None = None,
    stops: tuple[int, int] | None = None,
    top: int | None = 1000,
) -> int:
    rule = LineRule(FareRule(by, top, 7200), (), False, False, False, False)
    return base_fare(rule, WALL, Journey(1, None if seconds is None else timedelta(seconds=seconds), mm, stops))


def test_each_kind_of_fare() -> None:
    """Flat; a begun step counts by km and by minute; sections touched, the last price for more; pairs one way each."""
    assert fare(Flat(200)) == 200
    assert [fare(BY_KM, mm=mm) for mm in (0, 6 * KM, 6 * KM + 1, 11 * KM, 16 * KM, 16 * KM + 1, 23 * KM + 1)] == [
        200,
        200,
        300,
        300,
        400,
        500,
        600,
    ]
    assert [fare(MINUTES, seconds) for seconds in (600, 601, 660, 661)] == [200, 210, 210, 220]
    assert [fare(SECTIONS, stops=stops) for stops in ((1, 2), (1, 3), (7, 1))] == [200, 300, 300]
    assert (fare(PAIRS, stops=(1, 2)), fare(PAIRS, stops=(2, 1))) == (250, 260)


def test_without_exit_or_too_long_is_the_top_price() -> None:
    """Who does not tap out, or stays too long, pays the most; exactly the limit is not too long."""
    for by in (BY_KM, MINUTES, SECTIONS, PAIRS):
        assert fare(by) == 1000
        with pytest.raises(RideNotPriced, match="without exit"):
            fare(by, top=None)
    assert (fare(Flat(200), 7200), fare(Flat(200), 7201)) == (200, 1000)
    with pytest.raises(RideNotPriced, match="too long"):
        fare(Flat(200), 7201, top=None)


def test_a_way_that_is_not_in_the_table_has_no_price() -> None:
    """Unknown stops, negative ways, and steps that end."""
    with pytest.raises(RideNotPriced, match="stop 9"):
        fare(SECTIONS, stops=(1, 9))
    with pytest.raises(RideNotPriced, match="stop 1 to stop 1"):
        fare(PAIRS, stops=(1, 1))
    with pytest.raises(RideNotPriced, match="no ride"):
        fare(BY_KM, mm=-1)
    with pytest.raises(RideNotPriced, match="this length"):
        fare(ByDistance(Steps(6, 200, ())), mm=7)
    with pytest.raises(RideNotPriced, match="after the entry"):
        fare(Flat(200), -1)


def test_a_fare_at_certain_times_comes_first() -> None:
    """The night bus costs more."""
    night = Condition((0, 6 * 3600), None, None, None, frozenset())
    rule = LineRule(
        FareRule(Flat(200), None, None), ((night, FareRule(Flat(300), None, None)),), False, False, False, False
    )
    way = Journey(1, None, None, None)
    assert (base_fare(rule, WALL, way), base_fare(rule, WALL.replace(hour=5), way)) == (200, 300)
