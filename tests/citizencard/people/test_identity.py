"""What citizens' numbers say.

Numbers: 11010519491231002X and 440524188001010014 are the samples of GB 11643-1999; the others are our own, made by the rule.
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn.ric import calc_check_digit

from citizencard.people.errors import DocumentInvalid, NameUnfit, PhoneUnfit
from citizencard.people.identity import (
    Sex,
    age_on,
    birth_date,
    check_name,
    check_number,
    check_phone,
    mask_name,
    mask_number,
    mask_phone,
    sex,
)

TODAY = date(2026, 11, 21)
SAMPLE = "11010519491231002X"


def number_of(birth: date, sequence: int = 2) -> str:
    head = f"330203{birth:%Y%m%d}{sequence:03d}"
    return head + str(calc_check_digit(head + "0"))


def test_standard_sample_is_accepted() -> None:
    """The number printed in GB 11643 registers a woman born on the last day of 1949."""
    assert check_number("11010519491231002x", TODAY) == SAMPLE
    assert birth_date(SAMPLE) == date(1949, 12, 31)
    assert sex(SAMPLE) is Sex.FEMALE
    assert sex(number_of(date(1990, 1, 1), 101)) is Sex.MALE


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("110105194912310021", "check_digit"),
        ("1101051949123100", "length"),
        ("11010519491231A02X", "format"),
        ("", "length"),
        ("440524188001010014", "too_old"),
        (number_of(date(2026, 11, 22)), "born_in_future"),
        (number_of(date(1990, 1, 1)).replace("19900101", "19900230")[:17] + "1", "birth_date_or_place"),
        ("991105194912310024", "birth_date_or_place"),
    ],
)
def test_impossible_number_is_refused_without_repeating_it(number: str, fault: str) -> None:
    """A mistyped number, one from the future and one of somebody of 146 register nobody."""
    with pytest.raises(DocumentInvalid) as refusal:
        check_number(number, TODAY)
    assert refusal.value.public_fields() == {"fault": fault}
    assert not number or number not in str(refusal.value) + repr(refusal.value)


def test_elderly_carry_a_county_that_is_younger_than_they_are() -> None:
    """Numbers are given out since 1984: a resident born in 1950 carries a district founded in 1983, and gets a card."""
    assert check_number(number_of(date(1950, 1, 1)), TODAY)


def test_person_born_today_and_of_130_years_can_register() -> None:
    """The bounds belong to the living."""
    for born in (TODAY, date(1896, 11, 21), date(1895, 11, 22)):
        assert check_number(number_of(born), TODAY)
    with pytest.raises(DocumentInvalid):
        check_number(number_of(date(1895, 11, 21)), TODAY)


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(1956, 11, 21), TODAY, 70),
        (date(1956, 11, 22), TODAY, 69),
        (date(1956, 2, 29), date(2026, 2, 28), 69),
        (date(1956, 2, 29), date(2026, 3, 1), 70),
    ],
)
def test_concession_begins_on_the_birthday(birth: date, day: date, age: int) -> None:
    """Somebody is seventy on the seventieth birthday and not the day before."""
    assert age_on(birth, day) == age


def test_masks_show_what_the_counter_needs_and_no_more() -> None:
    """A clerk recognises the person in front of him; a glance over the shoulder learns nobody's number."""
    assert mask_number("321002199001011234") == "3210**********1234"
    assert mask_name("张三") == "张*"
    assert mask_name("欧阳修") == "欧**"
    assert mask_phone("13800138000") == "138****8000"
    assert mask_phone("95588") == "*****"
    assert mask_phone(None) is None


@given(st.text("0123456789+", min_size=5, max_size=20))
def test_masked_phone_never_shows_more_than_seven_digits(phone: str) -> None:
    """However short a phone number, most of a long one is hidden."""
    shown = mask_phone(phone) or ""
    assert len(shown) == len(phone)
    assert len(shown.replace("*", "")) <= 7
    assert "*" in shown


def test_names_and_phones_are_stored_in_one_form() -> None:
    """Spaces, hyphens and decomposed letters do not make another person."""
    assert check_name("  张示例 ") == "张示例"
    assert check_name("Zoe\u0308") == "Zoë"
    assert check_phone("138 0013-8000") == "13800138000"
    assert check_phone(" ") is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 31, "a\x00b", "a\nb", "\u202eabc"])
def test_unusable_name_is_refused(name: str) -> None:
    """Nobody is registered under nothing, a novel, or characters that turn a screen around."""
    with pytest.raises(NameUnfit):
        check_name(name)


@pytest.mark.parametrize("phone", ["1234", "call me", "1" * 21, "１３８００１３８０００"])
def test_unusable_phone_is_refused(phone: str) -> None:
    """What is not a phone number is not stored as one."""
    with pytest.raises(PhoneUnfit):
        check_phone(phone)
