"""Exact pieces become whole lines that add up."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.tariffs.amounts import Rounding
from citizencard.tariffs.settling import Piece, number, settle

PIECES = st.lists(st.fractions(0, 1_000, max_denominator=60), max_size=8)
ROUNDINGS = st.builds(Rounding, st.sampled_from((1, 10, 100)), st.sampled_from(("half_up", "half_even", "up", "down")))


@given(amounts=PIECES, rounding=ROUNDINGS)
def test_rounded_once_at_the_end(amounts: list[Fraction], rounding: Rounding) -> None:
    """Nobody gains by how a price is cut into lines: they add up to the total, rounded as the city says."""
    pieces = [Piece("base", amount, "x.y") for amount in amounts]
    settled = settle(pieces, rounding, "x")
    assert settled.minor == rounding.settle(sum(amounts, Fraction(0)))
    assert sum(line.minor for line in settled.lines) == settled.minor
    assert all(abs(line.minor - Fraction(piece.amount)) < 1 for line, piece in zip(settled.lines, pieces, strict=False))


def test_rounding_of_the_city_is_a_line() -> None:
    """What the city's own step adds or takes off is shown with its place."""
    up = settle([Piece("base", 101, "x.base", {"km": "1"}, "bureau")], Rounding(10, "up"), "x")
    assert up.as_data() == {
        "minor": 110,
        "lines": [
            {"what": "base", "minor": 101, "rule": "x.base", "facts": {"km": "1"}, "sponsor": "bureau"},
            {"what": "rounded_up", "minor": 9, "rule": "x.rounding"},
        ],
    }
    assert settle([Piece("base", 101, "x")], Rounding(10, "down"), "x").lines[-1].what == "rounded_down"
    assert settle([Piece("base", 3, "x"), Piece("less", Fraction(-5, 2), "x")], Rounding(), "x").minor == 1


def test_no_price_is_below_zero() -> None:
    """An engine that took off more than there is would be noticed."""
    with pytest.raises(ValueError, match="-1"):
        settle([Piece("less", -1, "x")], Rounding(), "x")


def test_quantities_are_told_as_people_write_them() -> None:
    """2.5, not 5/2; thirds stay thirds."""
    told = [number(Fraction(text)) for text in ("2.5", "3", "0", "-0.125", "7/3", "10.000001")]
    assert told == ["2.5", "3", "0", "-0.125", "7/3", "10.000001"]
