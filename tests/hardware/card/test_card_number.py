"""Card numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import card_number
from hardware.errors import MalformedCardData
from tests.vectors import identifiers as v

numbers = st.text("0123456789", min_size=11, max_size=11)


def test_the_serial_of_the_regression_set() -> None:
    """The first card of the city has this number (regression set; its check digit is 4)."""
    serial = card_number.application_serial(v.SERIAL_CITY, v.SERIAL_NUMBER)
    assert serial == v.SERIAL
    assert card_number.printed_number(serial) == "3103302000000000004"
    assert card_number.card_factor(serial) == bytes.fromhex("3302000000000004")


def test_the_check_digit_is_the_banks() -> None:
    """Check digits follow ISO/IEC 7812: its well-known example 7992739871 has 3."""
    assert card_number.luhn_digit("7992739871") == 3


@given(numbers)
def test_a_typed_number_finds_its_card(number: str) -> None:
    """What is printed on the card, typed with or without spaces, is the serial on the chip."""
    serial = card_number.application_serial("3302", number)
    printed = card_number.printed_number(serial)
    assert len(printed) == 19
    assert card_number.serial_from_printed(printed) == serial
    assert card_number.serial_from_printed(" ".join((printed[:4], printed[4:]))) == serial


@given(numbers, st.integers(0, 18), st.integers(1, 9))
def test_one_wrong_digit_never_finds_a_card(number: str, place: int, shift: int) -> None:
    """A slip of the pen finds no other person's card."""
    printed = card_number.printed_number(card_number.application_serial("3302", number))
    wrong = printed[:place] + str((int(printed[place]) + shift) % 10) + printed[place + 1 :]
    with pytest.raises(MalformedCardData):
        card_number.serial_from_printed(wrong)


@pytest.mark.parametrize(
    "call",
    [
        lambda: card_number.application_serial("330", "0" * 11),
        lambda: card_number.application_serial("3302", "0" * 10),
        lambda: card_number.application_serial("33x2", "0" * 11),
        lambda: card_number.printed_number(bytes.fromhex("13103302000000000004")),
        lambda: card_number.printed_number(bytes(9)),
        lambda: card_number.serial_from_printed("310330200000000000"),
        lambda: card_number.serial_from_printed("３103302000000000004"),
        lambda: card_number.card_factor(bytes(8)),
    ],
)
def test_malformed_is_refused(call: object) -> None:
    """A number of another form is no card number."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()
