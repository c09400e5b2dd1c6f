"""Writing files, free and under line protection."""

import pytest

from hardware.card import updates
from hardware.card.apdu import CommandApdu
from hardware.card.iso import RecordMode
from hardware.card.protection import unprotect
from hardware.errors import MalformedCardData

KEY = bytes(range(16))


@pytest.mark.parametrize(
    ("update", "plain"),
    [
        (updates.UpdateBinary(0x15, 2, b"new"), "00D6950203"),
        (updates.UpdateBinary(None, 0x100, b"new"), "00D6010003"),
        (updates.UpdateRecord(2, 0x05, b"new"), "00DC022C03"),
        (updates.UpdateRecord(9, 0x06, b"new", mode=RecordMode.BY_TAG), "00DC093003"),
        (updates.AppendRecord(0x18, b"new"), "00E200C003"),
    ],
)
def test_with_and_without_protection(update: updates.UpdateBinary, plain: str) -> None:
    """A protected file is written by the same command with CLA 04 and a MAC that only the key's holder makes."""
    assert update.command().to_bytes() == bytes.fromhex(plain) + b"new"
    command = updates.protected(update, KEY, b"rand")
    assert command.header() == b"\x04" + bytes.fromhex(plain)[1:4]
    assert unprotect(command, KEY, b"rand") == b"new"
    read = type(update).from_command(command)
    assert read.mac == command.data[-4:]
    assert read.command() == command


@pytest.mark.parametrize(
    "call",
    [
        lambda: updates.UpdateBinary(0x15, 0, b"").command(),
        lambda: updates.UpdateBinary(0x15, 0, b"x", b"MAC").command(),
        lambda: updates.UpdateBinary.from_command(CommandApdu(0x04, 0xD6, 0x95, 0, bytes(4))),
        lambda: updates.AppendRecord.from_command(CommandApdu(0, 0xE2, 1, 0xC0, b"x")),
        lambda: updates.protected(updates.AppendRecord(1, b"x", b"MACS"), KEY, bytes(4)),
    ],
)
def test_an_update_without_content_is_refused(call: object) -> None:
    """Nothing is written by accident, and no MAC is made twice."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()


def test_no_update_shows_what_it_writes() -> None:
    """Names on cards are in no log."""
    assert "new" not in repr(updates.UpdateRecord(1, 6, b"new"))
