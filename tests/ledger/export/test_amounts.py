"""Fen as yuan."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ledger.export.amounts import yuan


@given(st.integers(-(2**70), 2**70))
def test_amount_is_exact(fen: int) -> None:
    """No amount, however large, loses a fen on its way to another program."""
    assert Decimal(yuan(fen)) * 100 == fen


def test_amounts_look_as_other_programs_read_them() -> None:
    """Two decimals, a point, a minus sign in front, no separators."""
    assert [yuan(fen) for fen in (0, 1, -1, -100, 123_456_789)] == ["0.00", "0.01", "-0.01", "-1.00", "1234567.89"]
