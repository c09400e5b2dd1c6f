"""Figures as the house style writes them."""

from datetime import UTC, datetime, timedelta

import pytest

from api.pages.formats import ago, bare, clock, masked, minute, share, stamp, yuan
from api.pages.language import Language
from hardware.card.files import application_serial


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "¥0.00"), (5, "¥0.05"), (123_450, "¥1,234.50"), (99_999_999_999, "¥999,999,999.99"), (-123, "−¥1.23"), (-100_000, "−¥1,000.00")],
)  # fmt: skip
def test_amounts_have_two_decimals_and_separators(fen: int, text: str) -> None:
    """Whole fen become yuan without a rounding anywhere; the minus sign stands before the yuan sign."""
    assert yuan(fen) == text
    assert bare(abs(fen)) == text.lstrip("−¥")


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(180, 200, "0.9"), (40, 200, "0.2"), (150, 200, "0.75"), (200, 200, "1.0"), (1, 3, None), (5, 5, "1.0"), (1, 0, None)],
)  # fmt: skip
def test_share_is_told_only_when_exact(part: int, whole: int, text: str | None) -> None:
    """2.00 × 0.9 is shown because it is so; a third is never shown as 0.33."""
    assert share(part, whole) == text


def test_times_are_those_of_the_city(now: datetime) -> None:
    """The wall clock is Beijing's, in 24 hours; another day's time has its day in front."""
    assert (clock(now), minute(now)) == ("08:30:00", "08:30")
    assert stamp(now - timedelta(hours=8, minutes=30), now) == "00:00:00"
    assert stamp(now - timedelta(hours=8, minutes=31), now) == "2026-11-20 23:59"
    assert stamp(datetime(2026, 11, 20, 16, 30, tzinfo=UTC), now) == "00:30:00"


@pytest.mark.parametrize(
    ("seconds", "english"),
    [(-300, "just now"), (0, "just now"), (59, "just now"), (60, "1 min ago"), (3_599, "59 min ago"), (3_600, "")],
)
def test_how_long_ago_is_told_for_an_hour(now: datetime, seconds: int, english: str) -> None:
    """Beside the time, for what has just happened; a terminal whose clock runs ahead is not in the future."""
    assert ago(Language.EN, now - timedelta(seconds=seconds), now) == english


def test_only_the_end_of_a_card_number_is_shown() -> None:
    """Anybody may see the page, nobody a card's number."""
    serial = application_serial("3302", "00000000441")
    assert masked(serial) == f"····{serial.hex()[-4:]}"
