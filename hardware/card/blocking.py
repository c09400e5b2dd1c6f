"""Blocking and unblocking an application, and blocking the whole card (JR/T 0025, ISO 7816-4 line protection).

Each command carries nothing but a MAC under the application's line-protection key, from a fresh challenge.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_header
from hardware.card.crypto import MAC_BYTES
from hardware.card.fixed import cut, require
from hardware.card.protection import protect


@dataclass(frozen=True, slots=True)
class BlockApplication:
    """APPLICATION BLOCK, 84 1E 00 P2: P2 00 until it is unblocked, 01 for ever.

    Refusals of the card: 6984 no challenge, 6987 no MAC, 6988 wrong MAC, 6983 the key is blocked.

    Raises:
        MalformedCardData: from its methods, for a MAC of another length or another header.
    """

    mac: bytes
    permanent: bool = False

    _HEADERS: ClassVar[tuple[bytes, bytes]] = (bytes.fromhex("841E0000"), bytes.fromhex("841E0001"))

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return build(self._HEADERS[self.permanent], require("APPLICATION BLOCK", "MAC", self.mac, MAC_BYTES))

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        header = require_header("APPLICATION BLOCK", command, *cls._HEADERS)
        return cls(cut("APPLICATION BLOCK", command.data, MAC_BYTES)[0], header == cls._HEADERS[True])


@dataclass(frozen=True, slots=True)
class _MacAlone:
    """A command of a fixed header whose only data is its MAC.

    Raises:
        MalformedCardData: from its methods, for a MAC of another length or another header.
    """

    mac: bytes

    _NAME: ClassVar[str]
    _HEADER: ClassVar[bytes]

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return build(self._HEADER, require(self._NAME, "MAC", self.mac, MAC_BYTES))

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header(cls._NAME, command, cls._HEADER)
        return cls(cut(cls._NAME, command.data, MAC_BYTES)[0])


class UnblockApplication(_MacAlone):
    """APPLICATION UNBLOCK, 84 18 00 00. Refusals as above; after three wrong MACs 9303: locked for good. 6985 is not blocked."""

    __slots__ = ()
    _NAME: ClassVar[str] = "APPLICATION UNBLOCK"
    _HEADER: ClassVar[bytes] = bytes.fromhex("84180000")


class BlockCard(_MacAlone):
    """CARD BLOCK, 84 16 00 00: no command works any more (6A81 or 6E00 to everything). Refusals as for the application."""

    __slots__ = ()
    _NAME: ClassVar[str] = "CARD BLOCK"
    _HEADER: ClassVar[bytes] = bytes.fromhex("84160000")


def block_application(key16: bytes, challenge: bytes, *, permanent: bool = False) -> CommandApdu:
    """APPLICATION BLOCK with its MAC under the line-protection key.

    Raises:
        ValueError: a key that is not 16 bytes, or a challenge that is neither 4 nor 8.
    """
    return protect(bytes((0x84, 0x1E, 0x00, permanent)), b"", key16, challenge)


def unblock_application(key16: bytes, challenge: bytes) -> CommandApdu:
    """APPLICATION UNBLOCK with its MAC; errors as for `block_application`."""
    return protect(bytes.fromhex("84180000"), b"", key16, challenge)


def block_card(key16: bytes, challenge: bytes) -> CommandApdu:
    """CARD BLOCK with its MAC; errors as for `block_application`."""
    return protect(bytes.fromhex("84160000"), b"", key16, challenge)
