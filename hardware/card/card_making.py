"""CREATE FILE, ERASE DF and WRITE KEY as commands in both directions; their bodies are in `administration`.

All raise MalformedCardData for a field of the wrong length or a command of another form.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

from hardware.card.administration import DirectoryBody, FileBody, parse_file_body
from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_header, require_instruction, require_no_data
from hardware.card.crypto import BLOCK_BYTES, MAC_BYTES
from hardware.card.fixed import require, unsigned
from hardware.errors import MalformedCardData

PLAIN, PROTECTED = 0x80, 0x84
INS_WRITE_KEY: Final = 0xD4


@dataclass(frozen=True, slots=True)
class CreateFile:
    """CREATE FILE, 80 E0 fid, in the current DF. Refusals: 6982, 6A89 exists, 6A84 no space, 6A80 body."""

    fid: int
    body: DirectoryBody | FileBody

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return build(b"\x80\xe0" + unsigned("CREATE FILE", "file id", self.fid, 2), self.body.encode())

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_instruction("CREATE FILE", command, (0x80, 0xE0))
        return cls(command.p1 << 8 | command.p2, parse_file_body(command.data))


@dataclass(frozen=True, slots=True)
class EraseDirectory:
    """ERASE DF, 80 0E 00 00: everything below the current DF goes. Refusals: 6982, 6985."""

    _HEADER: ClassVar[bytes] = bytes.fromhex("800E0000")

    def command(self) -> CommandApdu:
        """The command, no data, no Le."""
        return build(self._HEADER)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("ERASE DF", command, cls._HEADER)
        require_no_data("ERASE DF", command)
        return cls()


@dataclass(frozen=True, slots=True)
class WriteKey:
    """WRITE KEY, 84 D4 P1 kid: a key or PIN record, encrypted and MACed; on chips that allow it 80 D4 with the record in clear.

    Refusals: 6984 no challenge, 6983 no tries left, 6987, 6988 wrong MAC, 6982 (plain ones on our cards), 6A80 record,
    6A88 nothing to replace, 6A89 exists, 6A84 no space.

    Args:
        p1, kid: `administration.write_key_header`.
        content: the cryptogram, whole blocks; in a plain command the record itself.
        mac: 4 bytes; None makes it a plain command.
    """

    p1: int
    kid: int
    content: bytes = field(repr=False)
    mac: bytes | None

    def command(self) -> CommandApdu:
        """The command, no Le."""
        what = "WRITE KEY"
        tail = b"" if self.mac is None else require(what, "MAC", self.mac, MAC_BYTES)
        header = bytes((PLAIN if self.mac is None else PROTECTED, INS_WRITE_KEY))
        header += unsigned(what, "P1", self.p1, 1) + unsigned(what, "kid", self.kid, 1)
        return build(header, self._checked(self.content, protected=self.mac is not None) + tail)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does; the MAC is not checked here."""
        require_instruction("WRITE KEY", command, (PLAIN, INS_WRITE_KEY), (PROTECTED, INS_WRITE_KEY))
        if command.cla == PLAIN:
            return cls(command.p1, command.p2, cls._checked(command.data, protected=False), None)
        content, mac = command.data[:-MAC_BYTES], command.data[-MAC_BYTES:]
        return cls(command.p1, command.p2, cls._checked(content, protected=True), mac)

    @staticmethod
    def _checked(content: bytes, *, protected: bool) -> bytes:
        if not content or (protected and len(content) % BLOCK_BYTES):
            raise MalformedCardData("WRITE KEY", f"{len(content)} bytes of content")
        return content
