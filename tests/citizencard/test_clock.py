"""Instants and the city's wall clock."""

from datetime import UTC, date, datetime

import pytest

from citizencard.clock import beijing_date, from_beijing_bcd, now


def test_the_city_changes_its_date_at_beijings_midnight() -> None:
    """Sixteen hundred UTC is the next day for everybody in the city."""
    assert beijing_date(datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 20)
    assert beijing_date(datetime(2026, 11, 20, 16, 0, tzinfo=UTC)) == date(2026, 11, 21)


def test_card_time_is_beijing_time() -> None:
    """What a chip writes at half past eight in the morning happened at half past midnight UTC."""
    read = from_beijing_bcd(bytes.fromhex("20261121"), bytes.fromhex("083000"))
    assert read == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "time"), [("20261321", "083000"), ("20260230", "000000"), ("20261121", "083060"), ("2026112F", "083000")]
)
def test_a_moment_that_never_was_is_refused(day: str, time: str) -> None:
    """A clock gone wild is noticed, not rounded."""
    with pytest.raises(ValueError, match=r"time data|out of range|must be in|unconverted data"):
        from_beijing_bcd(bytes.fromhex(day), bytes.fromhex(time))


def test_a_moment_before_the_calendar_begins_is_refused() -> None:
    """Midnight of the first day in Beijing lies before the first day of UTC's calendar: a wild clock, and no crash."""
    with pytest.raises(ValueError, match="out of range"):
        from_beijing_bcd(bytes.fromhex("00010101"), bytes.fromhex("000000"))


def test_now_has_a_time_zone() -> None:
    """No instant in the city is without its zone."""
    assert now().tzinfo is UTC
