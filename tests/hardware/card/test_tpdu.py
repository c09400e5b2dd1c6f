"""How T=0 carries commands."""

from collections.abc import Callable

import pytest

from hardware.card.apdu import CommandApdu
from hardware.card.tpdu import as_t0, command_from_t0, t0_bytes
from hardware.errors import MalformedCardData


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (CommandApdu(0, 0xA4, 0, 0), "00A4000000"),
        (CommandApdu(0, 0x84, 0, 0, le=8), "0084000008"),
        (CommandApdu(0, 0xB0, 0x95, 0, le=256), "00B0950000"),
        (CommandApdu(0, 0xA4, 0, 0, b"\x3f\x00"), "00A40000023F00"),
        (CommandApdu(0, 0xA4, 0, 0, b"\x3f\x00", 256), "00A40000023F00"),
    ],
    ids=["1", "2S", "2S of 256", "3S", "4S"],
)
def test_each_case_has_its_five_bytes(command: CommandApdu, wire: str) -> None:
    """The oldest readers in the buses understand our commands: a command with data loses its Le."""
    assert t0_bytes(command) == bytes.fromhex(wire)
    assert as_t0(command).le == (None if command.data else command.le)
    read = command_from_t0(bytes.fromhex(wire), incoming=bool(command.data))
    assert (read.header(), read.data) == (command.header(), command.data)


def test_what_t0_cannot_carry_is_refused() -> None:
    """Extended lengths and half commands never reach the contacts."""
    calls: tuple[Callable[[], object], ...] = (
        lambda: as_t0(CommandApdu(0, 0xB0, 0, 0, le=300, extended=True)),
        lambda: command_from_t0(b"\x00\xb0\x00\x00", incoming=False),
        lambda: command_from_t0(b"\x00\xb0\x00\x00\x00x", incoming=False),
        lambda: command_from_t0(b"\x00\xd6\x00\x00\x02x", incoming=True),
    )
    for call in calls:
        with pytest.raises(MalformedCardData):
            call()
