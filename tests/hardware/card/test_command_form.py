"""Headers of commands."""

import pytest

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_header, require_instruction, require_no_data, require_purse
from hardware.errors import MalformedCardData


def test_a_command_is_extended_only_when_it_must_be() -> None:
    """A short command stays short, so that T=0 can carry it."""
    assert build(b"\x00\xd6\x00\x00", bytes(255)).case == "3S"
    assert build(b"\x00\xd6\x00\x00", bytes(256), 1).case == "4E"
    assert build(b"\x00\xb0\x00\x00", le=257).case == "2E"
    assert build(b"\x00\xb0\x00\x00", le=256).case == "2S"


def test_another_command_is_not_mistaken_for_this_one() -> None:
    """A card never takes a load for a purchase."""
    command = CommandApdu(0x80, 0x50, 0, 2, b"x")
    assert require_header("load", command, b"\x80\x50\x01\x02", b"\x80\x50\x00\x02") == b"\x80\x50\x00\x02"
    for call in (
        lambda: require_header("purchase", command, b"\x80\x50\x01\x02"),
        lambda: require_instruction("read", command, (0x00, 0xB0)),
        lambda: require_no_data("read", command),
        lambda: require_purse("balance", 3),
    ):
        with pytest.raises(MalformedCardData):
            call()
