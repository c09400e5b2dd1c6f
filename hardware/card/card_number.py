"""Card numbers: the application serial on the chip, the number printed on the card, the diversification factor."""

from typing import Final

from hardware.card.bcd import bcd, digits_of
from hardware.card.fixed import cut
from hardware.errors import MalformedCardData

SERIAL_BYTES: Final = 10
SERIAL_PREFIX: Final = "0310"


def luhn_digit(digits: str) -> int:
    """Check digit that belongs behind `digits` (ISO/IEC 7812-1 annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - the two digits added
    return -total % 10


def application_serial(city: str, number11: str) -> bytes:
    """Application serial, 10 BCD bytes: 0310 ‖ city ‖ number ‖ Luhn digit of the printed number (hardware/README.md).

    Raises:
        MalformedCardData: the city is not 4 digits or the number not 11.
    """
    if len(city) != 4 or len(number11) != 11:  # noqa: PLR2004 - the two field lengths
        raise MalformedCardData("application serial", "city must have 4 digits, number 11")
    body = SERIAL_PREFIX + city + number11
    if not (body.isascii() and body.isdigit()):
        raise MalformedCardData("application serial", "not digits")
    return bcd(body + str(luhn_digit(body[1:])))


def printed_number(serial10: bytes) -> str:
    """The 19 digits printed on the card: the serial without its first 0.

    Raises:
        MalformedCardData: not 10 BCD bytes starting with 0.
    """
    digits = digits_of(cut("application serial", serial10, SERIAL_BYTES)[0])
    if digits[0] != "0":
        raise MalformedCardData("application serial", "does not start with 0")
    return digits[1:]


def serial_from_printed(number: str) -> bytes:
    """Read a typed card number: 19 digits (spaces between them allowed) whose last one checks.

    Raises:
        MalformedCardData: not 19 digits, or the check digit is wrong.
    """
    digits = number.replace(" ", "")
    if len(digits) != 2 * SERIAL_BYTES - 1 or not (digits.isascii() and digits.isdigit()):
        raise MalformedCardData("card number", "must be 19 digits")
    if luhn_digit(digits[:-1]) != int(digits[-1]):
        raise MalformedCardData("card number", "the check digit is wrong")
    return bcd("0" + digits)


def card_factor(serial10: bytes) -> bytes:
    """Diversification factor of a card: the right 8 bytes of its serial."""
    return cut("application serial", serial10, 2, 8)[1]
