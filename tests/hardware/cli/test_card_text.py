"""Lines for people: numbers hidden by default, answers of cards as trees where they are trees."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.cli.card_text import masked, masked_atr, tlv_lines


def test_numbers_are_hidden() -> None:
    """Of card, chip and contactless identifier the last four characters stay; amounts, days and names of files stay whole."""
    report = {
        "atr": "3B6D000043434152440000000011223344",
        "chip_serial": "0000000011223344",
        "purse": {"card_number": "3103302000000000012", "balance_fen": 5, "log": [{"terminal": "330200000001"}]},
        "other_schemes": [{"card_number": None, "records": {"card_id": "AABBCCDDEE"}}],
    }
    assert masked(report) == {
        "atr": "3B6D00004343415244************3344",
        "chip_serial": "************3344",
        "purse": {"card_number": "***************0012", "balance_fen": 5, "log": [{"terminal": "330200000001"}]},
        "other_schemes": [{"card_number": None, "records": {"card_id": "******DDEE"}}],
    }
    assert (masked_atr(""), masked_atr("3B00")) == ("", "3B00")


@pytest.mark.parametrize("data", ["", "00000064", "0101", "6F05", "2026010108"])
def test_bytes_that_are_no_data_objects(data: str) -> None:
    """A balance is not taken for a tree because its bytes would allow it."""
    assert tlv_lines(bytes.fromhex(data)) == []


def test_tree_of_an_answer() -> None:
    """Two spaces a level, names of tags, text beside bytes that are text."""
    assert tlv_lines(bytes.fromhex("6F158408315041592E535953A5099F080102BF0C025000")) == [
        "    6F file control information",
        '      84 application name 315041592E535953 "1PAY.SYS"',
        "      A5 issuer's part",
        "        9F08 version 02",
        "        BF0C issuer's own",
        "          50 label ",
    ]


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_answer(data: bytes) -> None:
    """Whatever a card says can be shown."""
    assert all(line.startswith("    ") for line in tlv_lines(data))
