"""How figures are written: yuan with two decimals, the wall clock of Beijing, masked card numbers."""

from datetime import datetime
from fractions import Fraction
from typing import Final

from api.pages.language import Language, say
from citizencard.clock import BEIJING, beijing_date
from hardware.card.card_number import printed_number

MINUS: Final = "\N{MINUS SIGN}"
SHOWN_DIGITS: Final = 4
_HOUR_MINUTES: Final = 60


def yuan(fen: int) -> str:
    """An amount such as ¥1,234.50, the minus sign before the yuan sign."""
    return f"{MINUS if fen < 0 else ''}¥{bare(abs(fen))}"


def bare(fen: int) -> str:
    """The same without the sign of the currency, as in a formula: 1,234.50."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def share(part: int, whole: int) -> str | None:
    """What part of a whole it is, such as 0.9; None when two decimals cannot say it exactly."""
    if whole <= 0:
        return None
    hundredths = Fraction(part, whole) * 100
    if hundredths.denominator != 1:
        return None
    text = bare(int(hundredths)).rstrip("0")
    return text + "0" if text.endswith(".") else text


def clock(at: datetime) -> str:
    """The time in Beijing to the second, such as 12:04:31."""
    return f"{at.astimezone(BEIJING):%H:%M:%S}"


def minute(at: datetime) -> str:
    """The time in Beijing to the minute, such as 08:31."""
    return f"{at.astimezone(BEIJING):%H:%M}"


def stamp(at: datetime, now: datetime) -> str:
    """The time alone when it is today's, with its day in front when it is not: 2026-11-20 23:15."""
    if beijing_date(at) == beijing_date(now):
        return clock(at)
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def ago(language: Language, at: datetime, now: datetime) -> str:
    """How long ago it was, within the last hour; nothing for what is older. A little ahead is now: clocks differ."""
    minutes = int((now - at).total_seconds()) // 60
    if minutes >= _HOUR_MINUTES:
        return ""
    return say(language, "ago.now") if minutes < 1 else say(language, "ago.minutes", n=minutes)


def masked(card_serial: bytes) -> str:
    """The end of a card's printed number, such as ····4410.

    Raises:
        MalformedCardData: not a card's serial.
    """
    return f"····{printed_number(card_serial)[-SHOWN_DIGITS:]}"
