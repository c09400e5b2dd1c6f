"""The commands of ISO 7816-4 that every card of ours knows: SELECT, READ, UPDATE, challenges and authentication.

A command is a frozen value: `command()` gives the bytes, `from_command()` reads the command as a card does; both raise
MalformedCardData for a field that does not fit. Le may be absent in what is read. The functions below are short forms.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_header, require_instruction, require_no_data
from hardware.card.fixed import cut, require, unsigned
from hardware.errors import MalformedCardData

CLA_ISO: Final = 0x00
NAME_MIN_BYTES: Final = 1
NAME_MAX_BYTES: Final = 16
SFI_MAX: Final = 0x1F
MAX_LE: Final = 256
CHALLENGE_LENGTHS: Final = (4, 8, 16)
CRYPTOGRAM_LENGTHS: Final = (8, 16)
MAX_OFFSET: Final = 0x7FFF
_SFI_IN_P1: Final = 0x80


def short_id(sfi: int) -> int:
    """A short file id, 1 to 31.

    Raises:
        MalformedCardData: another number.
    """
    if not 1 <= sfi <= SFI_MAX:
        raise MalformedCardData("short file id", f"{sfi}, must be 1 to {SFI_MAX}")
    return sfi


class RecordMode(IntEnum):
    """Low three bits of P2 in record commands: what P1 means."""

    BY_TAG = 0b000
    BY_NUMBER = 0b100
    ALL_FROM_NUMBER = 0b101


@dataclass(frozen=True, slots=True)
class SelectFile:
    """SELECT by file id, 00 A4 00 00. Refusals: 6A82 no such file, 6A81 locked for good, 6283 blocked (the FCI comes all the same)."""

    fid: int

    _HEADER: ClassVar[bytes] = bytes.fromhex("00A40000")

    def command(self) -> CommandApdu:
        """The command, Le 256."""
        return build(self._HEADER, unsigned("SELECT", "file id", self.fid, 2), MAX_LE)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("SELECT", command, cls._HEADER)
        return cls(int.from_bytes(cut("SELECT", command.data, 2)[0]))


@dataclass(frozen=True, slots=True)
class SelectApplication:
    """SELECT by application name, 00 A4 04 00, 1 to 16 bytes (OC and PBOC are names in the field). Refusals as for `SelectFile`."""

    name: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("00A40400")

    def command(self) -> CommandApdu:
        """The command, Le 256."""
        return build(self._HEADER, _name(self.name), MAX_LE)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("SELECT", command, cls._HEADER)
        return cls(_name(command.data))


def _name(name: bytes) -> bytes:
    if not NAME_MIN_BYTES <= len(name) <= NAME_MAX_BYTES:
        raise MalformedCardData(
            "SELECT", f"a name of {len(name)} bytes, must have {NAME_MIN_BYTES} to {NAME_MAX_BYTES}"
        )
    return name


def place_in_binary(command: CommandApdu) -> tuple[int | None, int]:
    """Which file P1 and P2 of a binary command mean: short id, or None for the current file, and the offset.

    Raises:
        MalformedCardData: P1 has bits 6 or 7 beside a short id, or the short id is 0.
    """
    if not command.p1 & _SFI_IN_P1:
        return None, command.p1 << 8 | command.p2
    if command.p1 & 0x60 or not command.p1 & SFI_MAX:
        raise MalformedCardData("binary command", f"P1 {command.p1:02X} is no short file id")
    return command.p1 & SFI_MAX, command.p2


def binary_place(sfi: int | None, offset: int) -> bytes:
    """P1 and P2 of a binary command: with a short id up to offset 255, in the current file up to 32,767.

    Raises:
        MalformedCardData: no such place.
    """
    if sfi is not None:
        return bytes((_SFI_IN_P1 | short_id(sfi),)) + unsigned("binary command", "offset", offset, 1)
    if not 0 <= offset <= MAX_OFFSET:
        raise MalformedCardData("binary command", f"offset {offset}, must be 0 to {MAX_OFFSET}")
    return offset.to_bytes(2)


@dataclass(frozen=True, slots=True)
class ReadBinary:
    """READ BINARY, 00 B0. Refusals: 6B00 offset outside, 6Cxx or 6282 more asked than there is, 6982, 6981 kind of file.

    Args:
        sfi: short id, or None for the current file.
        offset: where to begin.
        length: 1 to 256 bytes, 256 asks for all that is left; more makes the command extended; None sends no Le.
    """

    sfi: int | None
    offset: int = 0
    length: int | None = MAX_LE

    def command(self) -> CommandApdu:
        """The command."""
        return build(bytes((CLA_ISO, 0xB0)) + binary_place(self.sfi, self.offset), le=self.length)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_instruction("READ BINARY", command, (CLA_ISO, 0xB0))
        require_no_data("READ BINARY", command)
        return cls(*place_in_binary(command), command.le)


def record_place(number: int, sfi: int | None, mode: int) -> bytes:
    """P1 and P2 of a record command: number or tag, short id (None for the current file) and mode.

    Raises:
        MalformedCardData: a number of more than one byte, or no short id.
    """
    high = 0 if sfi is None else short_id(sfi) << 3
    return unsigned("record command", "number", number, 1) + bytes((high | mode,))


def place_in_record_file(command: CommandApdu) -> tuple[int, int | None, RecordMode]:
    """Number or tag, short id (None for the current file) and mode in P1 and P2 of a record command.

    Raises:
        MalformedCardData: another mode than by tag, by number, or all from a number on.
    """
    mode = command.p2 & 0b111
    if mode not in set(RecordMode):
        raise MalformedCardData("record command", f"P2 {command.p2:02X} has no such mode")
    return command.p1, command.p2 >> 3 or None, RecordMode(mode)


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """READ RECORD, 00 B2; in a cyclic file 1 is the newest. Refusals: 6A83 not written yet, 6A82, 6981, 6982, 6Cxx.

    Args:
        number: record number, or the tag for BY_TAG.
        sfi: short id, or None for the current file.
        length: 1 to 256, 256 for whatever length it has; None sends no Le.
        mode: what `number` means.
    """

    number: int
    sfi: int | None = None
    length: int | None = MAX_LE
    mode: RecordMode = RecordMode.BY_NUMBER

    def command(self) -> CommandApdu:
        """The command."""
        return build(bytes((CLA_ISO, 0xB2)) + record_place(self.number, self.sfi, self.mode), le=self.length)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_instruction("READ RECORD", command, (CLA_ISO, 0xB2))
        require_no_data("READ RECORD", command)
        number, sfi, mode = place_in_record_file(command)
        return cls(number, sfi, command.le, mode)


@dataclass(frozen=True, slots=True)
class GetChallenge:
    """GET CHALLENGE, 00 84: 4 bytes for a command MAC, 8 for EXTERNAL AUTHENTICATE; good for the next command only.

    16 bytes are for cards with SM4 whose challenge is a whole block. Refusals: 6700, 6Cxx.
    """

    length: int = 8

    _HEADER: ClassVar[bytes] = bytes.fromhex("00840000")

    def command(self) -> CommandApdu:
        """The command, Le 4, 8 or 16."""
        return build(self._HEADER, le=_challenge_length(self.length))

    def parse(self, response_data: bytes) -> bytes:
        """Read the challenge."""
        return cut("GET CHALLENGE answer", response_data, self.length)[0]

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does; here Le must be there."""
        require_header("GET CHALLENGE", command, cls._HEADER)
        require_no_data("GET CHALLENGE", command)
        return cls(_challenge_length(command.le or 0))


def _challenge_length(length: int) -> int:
    if length not in CHALLENGE_LENGTHS:
        raise MalformedCardData("GET CHALLENGE", f"{length} bytes, must be 4, 8 or 16")
    return length


@dataclass(frozen=True, slots=True)
class ExternalAuthenticate:
    """EXTERNAL AUTHENTICATE, 00 82 00 kid: the host proves a key.

    Refusals: 63Cx wrong with x tries left, 6983 blocked, 6984 no challenge, 6A88 no such key.

    Args:
        cryptogram: 8 bytes, the challenge under the key (SM4: 16); 16 in the social-security application, DES of X and X.
        kid: number of the key.
    """

    cryptogram: bytes
    kid: int = 0

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return build(bytes((CLA_ISO, 0x82, 0, self.kid)), _cryptogram(self.cryptogram))

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("EXTERNAL AUTHENTICATE", command, bytes((CLA_ISO, 0x82, 0, command.p2)))
        return cls(_cryptogram(command.data), command.p2)


def _cryptogram(data: bytes) -> bytes:
    if len(data) not in CRYPTOGRAM_LENGTHS:
        raise MalformedCardData("EXTERNAL AUTHENTICATE", f"{len(data)} bytes, must be 8 or 16")
    return data


@dataclass(frozen=True, slots=True)
class InternalAuthenticate:
    """INTERNAL AUTHENTICATE, 00 88 00 kid: the card proves a key over 8 bytes of the host. Refusals: 6A88 no such key, 6982."""

    challenge: bytes
    kid: int

    def command(self) -> CommandApdu:
        """The command, Le 8."""
        data = require("INTERNAL AUTHENTICATE", "challenge", self.challenge, 8)
        return build(bytes((CLA_ISO, 0x88, 0, self.kid)), data, 8)

    @staticmethod
    def parse(response_data: bytes) -> bytes:
        """Read the 8-byte cryptogram."""
        return cut("INTERNAL AUTHENTICATE answer", response_data, 8)[0]

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("INTERNAL AUTHENTICATE", command, bytes((CLA_ISO, 0x88, 0, command.p2)))
        return cls(cut("INTERNAL AUTHENTICATE", command.data, 8)[0], command.p2)


@dataclass(frozen=True, slots=True)
class GetResponse:
    """GET RESPONSE, 00 C0: fetch the data that 61xx announced (T=0). Refusals: 6985 nothing waits, 6Cxx another length."""

    length: int = MAX_LE

    _HEADER: ClassVar[bytes] = bytes.fromhex("00C00000")

    def command(self) -> CommandApdu:
        """The command."""
        return build(self._HEADER, le=self.length)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("GET RESPONSE", command, cls._HEADER)
        require_no_data("GET RESPONSE", command)
        return cls(command.le or MAX_LE)


@dataclass(frozen=True, slots=True)
class GetData:
    """GET DATA, 80 CA tag: a data object by its 2-byte tag; 9F79 is the balance of an electronic-cash purse, 6 BCD bytes."""

    tag: int

    def command(self) -> CommandApdu:
        """The command, Le 256."""
        return build(b"\x80\xca" + unsigned("GET DATA", "tag", self.tag, 2), le=MAX_LE)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_instruction("GET DATA", command, (0x80, 0xCA))
        require_no_data("GET DATA", command)
        return cls(command.p1 << 8 | command.p2)


def select_file(fid: int) -> CommandApdu:
    """SELECT by 2-byte file id."""
    return SelectFile(fid).command()


def select_application(name: bytes) -> CommandApdu:
    """SELECT by application name, 1 to 16 bytes."""
    return SelectApplication(name).command()


def read_binary(sfi: int, length: int, offset: int = 0) -> CommandApdu:
    """READ BINARY of a file by its short id; `length` 1 to 256 bytes from `offset`."""
    return ReadBinary(short_id(sfi), offset, length).command()


def read_record(sfi: int, number: int, length: int = MAX_LE) -> CommandApdu:
    """READ RECORD by number; in a cyclic file 1 is the newest. 256 asks for the record in whatever length it has."""
    return ReadRecord(number, short_id(sfi), length).command()


def get_challenge(length: int = 8) -> CommandApdu:
    """GET CHALLENGE: 4 bytes for a command MAC, 8 for EXTERNAL AUTHENTICATE; good for the next command only."""
    return GetChallenge(length).command()


def external_authenticate(cryptogram: bytes, kid: int = 0) -> CommandApdu:
    """EXTERNAL AUTHENTICATE: the host proves a key; 8 bytes, or 16 in the social-security application."""
    return ExternalAuthenticate(cryptogram, kid).command()


def internal_authenticate(challenge8: bytes, kid: int) -> CommandApdu:
    """INTERNAL AUTHENTICATE: the card proves a key over 8 bytes chosen by the host."""
    return InternalAuthenticate(challenge8, kid).command()
