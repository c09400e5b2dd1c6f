"""Building commands from a header and reading the header of a command: what every command value needs."""

from typing import Final

from hardware.card.apdu import MAX_DATA_BYTES, MAX_LE, CommandApdu
from hardware.errors import MalformedCardData

CLA_PURSE: Final = 0x80
PURSE_ED: Final = 0x01
PURSE_EP: Final = 0x02
"""The electronic passbook (电子存折 ED) and the electronic purse (电子钱包 EP) of one application."""


def build(header: bytes, data: bytes = b"", le: int | None = None) -> CommandApdu:
    """A command with this 4-byte header, extended when data or Le do not fit in a short one."""
    cla, ins, p1, p2 = header
    extended = len(data) > MAX_DATA_BYTES or (le or 0) > MAX_LE
    return CommandApdu(cla, ins, p1, p2, data, le, extended=extended)


def require_header(what: str, command: CommandApdu, *allowed: bytes) -> bytes:
    """The command's header, if it is one of those that mean `what`.

    Raises:
        MalformedCardData: it is another command.
    """
    header = command.header()
    if header not in allowed:
        expected = " or ".join(each.hex().upper() for each in allowed)
        raise MalformedCardData(what, f"header {header.hex().upper()}, must be {expected}")
    return header


def require_instruction(what: str, command: CommandApdu, *allowed: tuple[int, int]) -> None:
    """Refuse a command whose class and instruction are not one of those that mean `what`; P1 and P2 are the caller's to judge.

    Raises:
        MalformedCardData: it is another command.
    """
    if (command.cla, command.ins) not in allowed:
        raise MalformedCardData(what, f"CLA {command.cla:02X} INS {command.ins:02X} is another command")


def require_no_data(what: str, command: CommandApdu) -> None:
    """Refuse data in a command that has none.

    Raises:
        MalformedCardData: there is data.
    """
    if command.data:
        raise MalformedCardData(what, f"{len(command.data)} bytes of data, must have none")


def require_purse(what: str, purse: int) -> int:
    """The number of a purse: 01 passbook, 02 purse.

    Raises:
        MalformedCardData: another number.
    """
    if purse not in {PURSE_ED, PURSE_EP}:
        raise MalformedCardData(what, f"there is no purse {purse:02X}")
    return purse
