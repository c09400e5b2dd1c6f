"""Numbers of the city's series: they only rise, and none is ever given twice."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.cards.errors import CardNumbersExhausted
from hardware.card.files import application_serial

PROVINCE: Final = "3300"
CITY: Final = "3302"
CITY_FACTOR: Final = bytes.fromhex("3302FF0000000000")
"""Factor of the level between a root key and a card's key."""

ISSUER: Final = bytes.fromhex("01013302FFFFFFFF")
ISSUING_TERMINAL: Final = bytes.fromhex("330200000000")
"""Terminal number of our own desks, which no PSAM ever gets."""

PHANTOM_SERIAL: Final = application_serial(CITY, "00000000000")
"""A card number that no card has: numbers begin at 1. A PSAM proves its key for this card, which can never buy anything."""

CARD_NUMBERS: Final = "card"
CARD_NUMBER_DIGITS: Final = 11
SOCIAL_SECURITY_NUMBERS: Final = "social_security_card"
SOCIAL_SECURITY_DIGITS: Final = 8
PSAM_NUMBERS: Final = "psam"
PSAM_NUMBER_DIGITS: Final = 16

_NEXT: Final = text(
    "INSERT INTO card_counter (name, last_number) VALUES (:name, 1)"
    " ON CONFLICT (name) DO UPDATE SET last_number = card_counter.last_number + 1 RETURNING last_number"
)


def next_number(session: Session, series: str, digits: int) -> str:
    """Take the next number of a series, with leading zeros; the series' row stays locked until the transaction ends.

    Raises:
        CardNumbersExhausted: the number has more digits than the series allows.
    """
    number = str(session.execute(_NEXT, {"name": series}).scalar_one()).zfill(digits)
    if len(number) > digits:
        raise CardNumbersExhausted(f"series {series} has {digits} digits")
    return number


def next_card_serial(session: Session) -> bytes:
    """A new application serial, 10 BCD bytes: 0310 ‖ city ‖ 11 digits ‖ Luhn digit.

    Raises:
        CardNumbersExhausted: all are given out.
    """
    return application_serial(CITY, next_number(session, CARD_NUMBERS, CARD_NUMBER_DIGITS))


def next_psam_serial(session: Session) -> bytes:
    """A new PSAM serial, 10 BCD bytes: city ‖ 16 digits.

    Raises:
        CardNumbersExhausted: all are given out.
    """
    return bytes.fromhex(CITY + next_number(session, PSAM_NUMBERS, PSAM_NUMBER_DIGITS))
