"""Decimal coding (BCD) of digits, dates and times on cards; dates and times are Beijing time."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from hardware.card.fixed import cut
from hardware.errors import MalformedCardData

BEIJING: Final = ZoneInfo("Asia/Shanghai")


def bcd(digits: str) -> bytes:
    """Two decimal digits a byte.

    Raises:
        MalformedCardData: not an even number of ASCII digits, or none.
    """
    if len(digits) % 2 or not (digits.isascii() and digits.isdigit()):
        raise MalformedCardData("BCD", "must be an even number of digits")
    return bytes.fromhex(digits)


def digits_of(data: bytes) -> str:
    """The digits of BCD bytes.

    Raises:
        MalformedCardData: a half byte is not a digit, or there is none.
    """
    text = data.hex()
    if not text.isdecimal():
        raise MalformedCardData("BCD", "a half byte is not a digit")
    return text


def _beijing(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        message = "an instant needs a time zone"
        raise ValueError(message)
    return instant.astimezone(BEIJING)


def bcd_date(instant: datetime) -> bytes:
    """The Beijing date of an aware instant as 4 BCD bytes."""
    return bcd_day(_beijing(instant).date())


def bcd_time(instant: datetime) -> bytes:
    """The Beijing time of an aware instant as 3 BCD bytes HHMMSS; fractions of a second are cut off."""
    return bcd(f"{_beijing(instant):%H%M%S}")


def bcd_instant(instant: datetime) -> bytes:
    """Beijing date and time of an aware instant, 7 BCD bytes."""
    return bcd_date(instant) + bcd_time(instant)


def instant_from_bcd(data: bytes) -> datetime:
    """Read 7 BCD bytes of Beijing date and time as an aware instant.

    Raises:
        MalformedCardData: another length, or no such date or time.
    """
    day, time = cut("date and time", data, 4, 3)
    text = digits_of(time)
    try:
        clock = datetime.min.time().replace(int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        raise MalformedCardData("time", "no such time") from None
    return datetime.combine(day_from_bcd(day), clock, BEIJING)


def bcd_day(day: date) -> bytes:
    """A date as 4 BCD bytes YYYYMMDD."""
    return bcd(f"{day.year:04}{day.month:02}{day.day:02}")


def day_from_bcd(data: bytes) -> date:
    """Read 4 BCD bytes YYYYMMDD.

    Raises:
        MalformedCardData: another length, or no such date.
    """
    text = digits_of(cut("date", data, 4)[0])
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise MalformedCardData("date", "no such date") from None
