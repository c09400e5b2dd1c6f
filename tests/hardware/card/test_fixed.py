"""Cutting fixed structures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card.fixed import cut, require, unsigned
from hardware.errors import MalformedCardData


@given(st.lists(st.binary(max_size=9), max_size=9))
def test_fields_come_out_as_they_were_joined(fields: list[bytes]) -> None:
    """No byte of a structure gets lost or belongs to two fields."""
    lengths = [len(field) for field in fields]
    assert cut("x", b"".join(fields), *lengths) == tuple(fields)


def test_length_and_range_are_exact() -> None:
    """One byte too few or too many is refused, and the message tells lengths only."""
    for data in (b"secre", b"secrets"):
        with pytest.raises(MalformedCardData) as refused:
            cut("EF15", data, 4, 2)
        assert "secre" not in str(refused.value)
    with pytest.raises(MalformedCardData, match="PIN has 3 bytes, must have 4"):
        require("record", "PIN", b"abc", 4)
    for value in (-1, 256):
        with pytest.raises(MalformedCardData):
            unsigned("record", "amount", value, 1)
    assert unsigned("record", "amount", 255, 1) == b"\xff"
