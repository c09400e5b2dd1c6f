"""Which charge has which hours."""

from datetime import date, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from citizencard.tariffs.parking_hours import ChargedHours, periods, wall_second
from citizencard.tariffs.when import When, covered_s
from tests.citizencard.tariffs.make_rules import EIGHT

HOUR_S = 3600
NIGHT = When(hours=(20 * HOUR_S, 8 * HOUR_S))
WHENS = (
    None,
    NIGHT,
    When(days=frozenset({5, 6})),
    When(hours=(9 * HOUR_S, 17 * HOUR_S), dates=frozenset({date(2026, 11, 22)})),
    When(except_dates=frozenset({date(2026, 11, 21)})),
)
SECONDS = st.integers(0, 3 * 86_400)


def at(second: int) -> datetime:
    return datetime.fromordinal(second // 86_400).replace(
        hour=second // HOUR_S % 24, minute=second // 60 % 60, second=second % 60
    )


@given(whens=st.lists(st.sampled_from(WHENS), min_size=1, max_size=4), began=SECONDS, length=SECONDS)
def test_first_charge_has_the_time(whens: list[When | None], began: int, length: int) -> None:
    """The first charge gets all of its hours, and all together get every second that any of them holds, once."""
    began_s = wall_second(EIGHT) + began
    found = ChargedHours(tuple(whens)).covered_s(began_s, began_s + length)
    began_at, ended_at = at(began_s), at(began_s + length)
    assert found[0] == covered_s(whens[0], began_at, ended_at)
    assert all(one <= covered_s(when, began_at, ended_at) for one, when in zip(found, whens, strict=True))
    whole = ChargedHours((*whens, None)).covered_s(began_s, began_s + length)
    assert sum(whole) == length
    assert whole[:-1] == found


def test_night_and_day_share_a_day() -> None:
    """From 19:00 to 21:00 an hour is the day's and an hour the night's."""
    seven = wall_second(EIGHT.replace(hour=19))
    assert ChargedHours((NIGHT, None)).covered_s(seven, seven + 2 * HOUR_S) == (HOUR_S, HOUR_S)


@given(kind=st.sampled_from(("24_hours", "calendar_day", "stay")), began=SECONDS, length=SECONDS)
def test_periods_are_the_stay(kind: str, began: int, length: int) -> None:
    """No second is lost between two periods, and none has more than a day unless it is the stay."""
    cut = list(periods(kind, began, began + length))
    assert [cut[0][0], cut[-1][1]] == [began, began + length]
    assert all(one[1] == other[0] for one, other in pairwise(cut))
    if kind != "stay":
        assert all(until - since <= 86_400 for since, until in cut)
    if kind == "calendar_day":
        assert all(since % 86_400 == 0 for since, _ in cut[1:])
