"""Amounts: text in, whole minor units out, and nothing lost on the way."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.tariffs.amounts import Money, Rounding, minor_digits, read_rounding, share


@pytest.mark.parametrize(("currency", "digits"), [("CNY", 2), ("KRW", 0), ("JPY", 0), ("KWD", 3), ("HKD", 2)])
def test_each_currency_has_its_minor_unit(currency: str, digits: int) -> None:
    """Any city's money can be counted (ISO 4217)."""
    assert minor_digits(currency) == digits


def test_texts_become_exact_numbers() -> None:
    """2.00 yuan are 200 fen; a price of a kWh keeps its last decimal."""
    money = Money("CNY", 2)
    assert money.amount("2.00") == 200
    assert money.amount("2.5") == 250
    assert money.rate("0.5283") == Fraction(5283, 100)
    assert money.fits("0.10")
    assert not money.fits("0.105")
    with pytest.raises(ValueError, match=r"0\.105"):
        money.amount("0.105")
    assert share("2/3") == Fraction(2, 3)


@given(st.integers(-(10**12), 10**12), st.sampled_from([("CNY", 2), ("KRW", 0), ("KWD", 3)]))
def test_amounts_are_written_as_they_are_read(minor: int, currency: tuple[str, int]) -> None:
    """What is printed is what was counted, below zero too."""
    money = Money(*currency)
    assert money.rate(money.text(minor)) == minor
    assert len(money.text(minor).partition(".")[2]) == currency[1]


@pytest.mark.parametrize(
    ("how", "settled"),
    [
        ("half_up", [0, 0, 10, 10, 20, 20, 30]),
        ("half_even", [0, 0, 0, 10, 20, 20, 20]),
        ("up", [0, 10, 10, 10, 20, 20, 30]),
        ("down", [0, 0, 0, 10, 10, 20, 20]),
    ],
)
def test_each_way_of_rounding(how: str, settled: list[int]) -> None:
    """To 0.10 yuan: 0, 4, 5, 10, 15, 20 and 25 fen."""
    assert [Rounding(10, how).settle(Fraction(minor)) for minor in (0, 4, 5, 10, 15, 20, 25)] == settled


@given(st.fractions(0, 10**6), st.integers(1, 100), st.sampled_from(["half_up", "half_even", "up", "down"]))
def test_rounding_moves_by_less_than_a_step(exact: Fraction, step: int, how: str) -> None:
    """Never more than a step away, on the right side, and a whole multiple of it."""
    settled = Rounding(step, how).settle(exact)
    assert settled % step == 0
    low, high = {"up": (0, step), "down": (-step, 0)}.get(how, (-Fraction(step, 2), Fraction(step, 2)))
    assert low <= settled - exact <= high


def test_rounding_of_a_document() -> None:
    """Nothing said: to the minor unit, halves upwards."""
    money = Money("CNY", 2)
    assert read_rounding(None, money) == Rounding(1, "half_up")
    assert read_rounding({"to": "0.10", "how": "down"}, money) == Rounding(10, "down")
