"""Chinese text on chips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card.text import chip_text, decode_text, encode_text
from hardware.errors import MalformedCardData

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@given(texts, st.integers(0, 30))
def test_a_long_name_is_cut_at_a_whole_character(name: str, limit: int) -> None:
    """Nobody's name ends in half a character."""
    cut = chip_text(name, limit)
    assert name.startswith(cut)
    assert decode_text("EF16", "name", encode_text("EF16", "name", cut, limit)) == cut


def test_rare_characters_are_written() -> None:
    """A person whose name is not in GBK gets a card with the whole name."""
    assert decode_text("EF16", "name", encode_text("EF16", "name", "䶮𠮷", 20)) == "䶮𠮷"
    assert encode_text("EF16", "name", "阿布都", 6) == "阿布都".encode("gbk")


@pytest.mark.parametrize("data", [b"\xff\xff", b"a\x00b\x00", b"\x81"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    """Rubbish in a name field is not shown as a name."""
    with pytest.raises(MalformedCardData):
        decode_text("EF16", "name", data)


def test_refusals_do_not_repeat_the_name() -> None:
    """A name that does not fit is in no log."""
    with pytest.raises(MalformedCardData) as refused:
        encode_text("EF16", "name", "张三丰", 4)
    assert "张" not in str(refused.value)
    with pytest.raises(MalformedCardData):
        chip_text("\ud800", 20)
