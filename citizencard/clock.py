"""Instants in UTC, and the wall clock of the city, which is Beijing's (no daylight saving)."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
DIGITS = len("YYYYMMDDTHHMMSS")


def now() -> datetime:
    """The present instant, aware, in UTC. Called at the edges only: rules get their time as an argument."""
    return datetime.now(UTC)


def beijing_date(instant: datetime) -> date:
    """The calendar day that people in the city write on that instant."""
    return instant.astimezone(BEIJING).date()


def from_beijing_bcd(day: bytes, time: bytes) -> datetime:
    """Read a card's date and time as an instant in UTC.

    Args:
        day: 4 bytes BCD, YYYYMMDD.
        time: 3 bytes BCD, HHMMSS.

    Raises:
        ValueError: the digits are not BCD or name no moment of the calendar.
    """
    digits = f"{day.hex()}T{time.hex()}"
    if len(digits) != DIGITS or not digits.replace("T", "").isdecimal():
        raise ValueError("date and time must be in decimal digits")
    # `strptime` takes ten times as long, and an upload has thousands of them.
    wall = datetime.fromisoformat(digits).replace(tzinfo=BEIJING)
    try:
        return wall.astimezone(UTC)
    except OverflowError:
        # Beijing begins its first day eight hours before the calendar of UTC does.
        raise ValueError("the moment is out of range") from None
