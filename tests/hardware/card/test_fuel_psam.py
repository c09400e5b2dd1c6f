"""The pump's security module."""

import pytest

from hardware.card import fuel_psam
from hardware.card.apdu import CommandApdu
from hardware.errors import MalformedCardData

MOMENT = bytes.fromhex("20260101083000")


def test_commands_have_the_dialects_bytes() -> None:
    """36 bytes make MAC1, 15 make the GMAC of what was delivered."""
    begin = fuel_psam.InitSamForGreyLock(bytes(4), 3, 50_000, MOMENT, 1, 0, b"SERIAL..", b"FACTOR..").command()
    assert begin.to_bytes() == (
        bytes.fromhex("E040000024 00000000 0003 0000C350 91 20260101083000 01 00") + b"SERIAL..FACTOR..\x0c"
    )
    end = fuel_psam.InitSamForUnlock(b"SERIAL..", 3, 20_000).command()
    assert end.to_bytes() == bytes.fromhex("E04400000F93") + b"SERIAL.." + bytes.fromhex("000300004E2004")
    assert fuel_psam.VerifyGreyLock(b"MAC2").command().to_bytes() == bytes.fromhex("E042000004") + b"MAC2"


def test_another_type_is_refused() -> None:
    """A module never makes a GMAC where a lock was asked for."""
    for kind, good in (
        (fuel_psam.InitSamForGreyLock, fuel_psam.InitSamForGreyLock(bytes(4), 3, 5, MOMENT, 1, 0, bytes(8), bytes(8))),
        (fuel_psam.InitSamForUnlock, fuel_psam.InitSamForUnlock(bytes(8), 3, 5)),
    ):
        command = good.command()
        place = 10 if kind is fuel_psam.InitSamForGreyLock else 0
        data = command.data[:place] + b"\x06" + command.data[place + 1 :]
        with pytest.raises(MalformedCardData):
            kind.from_command(CommandApdu(command.cla, command.ins, 0, 0, data))
