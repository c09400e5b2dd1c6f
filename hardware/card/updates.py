"""Writing files: UPDATE BINARY, UPDATE RECORD and APPEND RECORD, free (CLA 00) or under line protection (CLA 04).

With line protection 4 bytes of MAC follow the data; `protected` makes it, `hardware.card.protection.unprotect` checks it.
All raise MalformedCardData for a place that no file has, no data, or a MAC of another length.
"""

from dataclasses import dataclass, field
from typing import Final, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_instruction
from hardware.card.crypto import MAC_BYTES
from hardware.card.fixed import require
from hardware.card.iso import (
    CLA_ISO,
    RecordMode,
    binary_place,
    place_in_binary,
    place_in_record_file,
    record_place,
    short_id,
)
from hardware.card.protection import PROTECTED, protect
from hardware.errors import MalformedCardData

INS_UPDATE_BINARY, INS_UPDATE_RECORD, INS_APPEND_RECORD = 0xD6, 0xDC, 0xE2
NEW_RECORD: Final = 0


def _command(ins: int, place: bytes, data: bytes, mac: bytes | None) -> CommandApdu:
    if not data:
        raise MalformedCardData("update", "no data")
    tail = b"" if mac is None else require("update", "MAC", mac, MAC_BYTES)
    return build(bytes((CLA_ISO if mac is None else PROTECTED, ins)) + place, data + tail)


def _content(ins: int, command: CommandApdu) -> tuple[bytes, bytes | None]:
    """Data and MAC of an update."""
    require_instruction("update", command, (CLA_ISO, ins), (PROTECTED, ins))
    data, mac = command.data, None
    if command.cla == PROTECTED:
        data, mac = data[:-MAC_BYTES], data[-MAC_BYTES:]
    if not data:
        raise MalformedCardData("update", "no data, or no room for a MAC")
    return data, mac


@dataclass(frozen=True, slots=True)
class UpdateBinary:
    """UPDATE BINARY, 00 D6 or 04 D6.

    Refusals: 6982, 6987 a MAC is wanted, 6984 no challenge, 6988 wrong MAC, 6B00 outside the file, 6981 kind of file.

    Args:
        sfi: short id, or None for the current file; `offset` where to begin.
        data: the new bytes.
        mac: 4 bytes with line protection, None without.
    """

    sfi: int | None
    offset: int
    data: bytes = field(repr=False)
    mac: bytes | None = None

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return _command(INS_UPDATE_BINARY, binary_place(self.sfi, self.offset), self.data, self.mac)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does; the MAC is not checked here."""
        data, mac = _content(INS_UPDATE_BINARY, command)
        return cls(*place_in_binary(command), data, mac)


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """UPDATE RECORD, 00 DC or 04 DC. Refusals as for UPDATE BINARY, and 6A83 no such record, 6A84 no room, 6700 another length.

    Args:
        number: record number, or tag; the first free number appends.
        sfi: short id, or None for the current file.
        data: the whole record.
        mac: 4 bytes with line protection, None without.
        mode: what `number` means.
    """

    number: int
    sfi: int | None
    data: bytes = field(repr=False)
    mac: bytes | None = None
    mode: RecordMode = RecordMode.BY_NUMBER

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return _command(INS_UPDATE_RECORD, record_place(self.number, self.sfi, self.mode), self.data, self.mac)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does; the MAC is not checked here."""
        data, mac = _content(INS_UPDATE_RECORD, command)
        number, sfi, mode = place_in_record_file(command)
        return cls(number, sfi, data, mac, mode)


@dataclass(frozen=True, slots=True)
class AppendRecord:
    """APPEND RECORD, 00 E2 or 04 E2: a new record; in a cyclic file it becomes number 1. Refusals as for UPDATE RECORD.

    Args:
        sfi: short id, or None for the current file.
        data: the whole record.
        mac: 4 bytes with line protection, None without.
    """

    sfi: int | None
    data: bytes = field(repr=False)
    mac: bytes | None = None

    def command(self) -> CommandApdu:
        """The command, no Le."""
        place = bytes((NEW_RECORD, 0 if self.sfi is None else short_id(self.sfi) << 3))
        return _command(INS_APPEND_RECORD, place, self.data, self.mac)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does; the MAC is not checked here."""
        data, mac = _content(INS_APPEND_RECORD, command)
        if command.p1 != NEW_RECORD or command.p2 & 0b111:
            raise MalformedCardData("APPEND RECORD", f"P1 P2 {command.p1:02X} {command.p2:02X}")
        return cls(command.p2 >> 3 or None, data, mac)


def protected(update: UpdateBinary | UpdateRecord | AppendRecord, key16: bytes, challenge: bytes) -> CommandApdu:
    """The update with its MAC under a line-protection key, from the challenge that the card has just given.

    Raises:
        MalformedCardData: the update has a MAC already.
        ValueError: a key that is not 16 bytes, or a challenge that is neither 4 nor 8.
    """
    if update.mac is not None:
        raise MalformedCardData("update", "has a MAC already")
    plain = update.command()
    return protect(bytes((PROTECTED,)) + plain.header()[1:], plain.data, key16, challenge)
