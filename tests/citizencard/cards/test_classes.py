"""Card classes as data."""

from datetime import date

import pytest

from citizencard.cards.classes import CLASSES, age_on, card_class, check_age, expiry_of
from citizencard.cards.errors import ClassNotForPerson, UnknownCardClass

SENIOR = card_class(0x03)


def test_senior_card_from_the_seventieth_birthday_on() -> None:
    """The day before the seventieth birthday is too early, and the refusal does not tell the birth date."""
    born = date(1956, 11, 21)
    check_age(SENIOR, born, date(2026, 11, 21))
    with pytest.raises(ClassNotForPerson) as refusal:
        check_age(SENIOR, born, date(2026, 11, 20))
    assert refusal.value.public_fields() == {"card_class": 3, "minimum_age": 70, "maximum_age": 150}


def test_student_card_has_two_bounds() -> None:
    """Neither an infant nor a grown-up gets one."""
    student = card_class(0x02)
    for born in (date(2024, 1, 1), date(1990, 1, 1)):
        with pytest.raises(ClassNotForPerson):
            check_age(student, born, date(2026, 11, 21))
    check_age(student, date(2012, 1, 1), date(2026, 11, 21))


def test_leap_day_child_is_older_on_the_first_of_march() -> None:
    """A birthday that does not come counts the day after; a card from a leap day ends on 28 February."""
    assert age_on(date(2000, 2, 29), date(2026, 2, 28)) == 25
    assert age_on(date(2000, 2, 29), date(2026, 3, 1)) == 26
    assert expiry_of(card_class(0x04), date(2028, 2, 29)) == date(2038, 2, 28)
    assert expiry_of(SENIOR, date(2026, 11, 21)) == date(2046, 11, 21)


def test_classes_are_the_four_of_the_device_table() -> None:
    """The bytes are those that terminals and tariffs know; all are registered and hold at most 1,000 yuan."""
    assert {code: found.name for code, found in CLASSES.items()} == {1: "adult", 2: "student", 3: "senior70", 4: "care"}
    assert all(found.registered and found.lossable and found.ceiling_fen == 100_000 for found in CLASSES.values())
    assert "123456" not in repr(SENIOR)
    with pytest.raises(UnknownCardClass):
        card_class(0x09)
