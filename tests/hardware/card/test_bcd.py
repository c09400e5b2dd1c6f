"""Decimal coding of digits, dates and times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import bcd
from hardware.errors import MalformedCardData

instants = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2135, 1, 1)).map(  # noqa: DTZ001 - a zone is added
    lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
)


@given(st.text("0123456789", min_size=2).filter(lambda digits: len(digits) % 2 == 0))
def test_digits_survive(digits: str) -> None:
    """What is written in decimal is read in decimal."""
    assert bcd.digits_of(bcd.bcd(digits)) == digits


@given(instants)
def test_an_instant_survives(instant: datetime) -> None:
    """A tap's time is the same instant for card, terminal and server."""
    assert bcd.instant_from_bcd(bcd.bcd_instant(instant)) == instant


def test_dates_on_cards_are_beijings() -> None:
    """A tap at half past midnight in Beijing is of that day, though it is still the day before in UTC."""
    instant = datetime(2026, 12, 31, 16, 30, 5, tzinfo=UTC)
    assert bcd.bcd_date(instant) == bytes.fromhex("20270101")
    assert bcd.bcd_time(instant) == bytes.fromhex("003005")
    assert bcd.instant_from_bcd(bytes.fromhex("20270101003005")) == instant
    assert bcd.instant_from_bcd(bytes.fromhex("20270101003005")).utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    "call",
    [
        lambda: bcd.bcd("123"),
        lambda: bcd.bcd("1a"),
        lambda: bcd.bcd("１２"),
        lambda: bcd.digits_of(b"\x1a"),
        lambda: bcd.day_from_bcd(bytes.fromhex("20261332")),
        lambda: bcd.day_from_bcd(bytes.fromhex("202611")),
        lambda: bcd.day_from_bcd(bytes(4)),
        lambda: bcd.instant_from_bcd(bytes.fromhex("20261121240000")),
        lambda: bcd.instant_from_bcd(bytes(6)),
    ],
)
def test_what_is_no_date_is_refused(call: object) -> None:
    """A terminal with a broken clock cannot write a date that nobody can read."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()


def test_an_instant_without_zone_is_our_mistake() -> None:
    """Nothing guesses a time zone."""
    with pytest.raises(ValueError, match="time zone"):
        bcd.bcd_date(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
