"""The security module as a cipher: INIT FOR DESCRYPT, DES CRYPT and the social-card form of both, and what a key's usage byte says.

All raise MalformedCardData for a field of the wrong length or a command of another form.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar, Final, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_instruction
from hardware.card.fixed import cut, require, unsigned
from hardware.errors import MalformedCardData

FACTOR_BYTES: Final = 8
MAX_FACTORS: Final = 7
BLOCK_BYTES: Final = 8


class KeyPurpose(IntEnum):
    """Low five bits of a key's usage byte; 9 to 31 are reserved."""

    CONTROL = 0
    MAINTENANCE = 1
    PURCHASE = 2
    PIN_UNBLOCK = 3
    PIN_RELOAD = 4
    CARD_MAINTENANCE = 5
    MAC = 6
    ENCRYPTION = 7
    MAC_AND_ENCRYPTION = 8


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """A key's usage byte: purpose in the low five bits, number of diversification levels (0 to 7) in the high three.

    27 is an encryption key with one level, 47 with two. A TAC key is stored as 44 (reload PIN, two levels) where the operating
    system folds its halves itself, and as 46 or 48 where it is stored folded.
    """

    purpose: KeyPurpose
    levels: int = 0

    def encode(self) -> bytes:
        """The byte."""
        if not 0 <= self.levels <= MAX_FACTORS:
            raise MalformedCardData("key usage", f"{self.levels} levels, must be 0 to {MAX_FACTORS}")
        return bytes((self.levels << 5 | self.purpose,))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the byte; a reserved purpose is refused."""
        usage = cut("key usage", data, 1)[0][0]
        if usage & 0x1F not in set(KeyPurpose):
            raise MalformedCardData("key usage", f"purpose {usage & 0x1F} is reserved")
        return cls(KeyPurpose(usage & 0x1F), usage >> 5)


@dataclass(frozen=True, slots=True)
class InitForDescrypt:
    """INIT FOR DESCRYPT, 80 1A usage version: choose a key and derive it.

    Refusals: 6A88 or 9403 no such key, 6700 another number of factors than its levels.

    Args:
        usage: which kind of key, and how many levels it is derived through.
        key: its version; in the social form its id.
        factors: 8 bytes each, as many as levels; none, and no Lc, for a key that is used as it is.
        social: the form of social-security cards, BF DE, whose key id goes in P2.
    """

    usage: KeyUsage
    key: int
    factors: tuple[bytes, ...] = ()
    social: bool = False

    _NAMES: ClassVar[tuple[tuple[int, int], tuple[int, int]]] = ((0x80, 0x1A), (0xBF, 0xDE))

    def command(self) -> CommandApdu:
        """The command, no Le."""
        what = "INIT FOR DESCRYPT"
        if len(self.factors) > MAX_FACTORS:
            raise MalformedCardData(what, f"{len(self.factors)} factors, at most {MAX_FACTORS}")
        data = b"".join(require(what, "factor", factor, FACTOR_BYTES) for factor in self.factors)
        name = bytes(self._NAMES[self.social])
        return build(name + self.usage.encode() + unsigned(what, "key", self.key, 1), data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a security module does."""
        what = "INIT FOR DESCRYPT"
        require_instruction(what, command, *cls._NAMES)
        count, rest = divmod(len(command.data), FACTOR_BYTES)
        if rest or count > MAX_FACTORS:
            raise MalformedCardData(what, f"{len(command.data)} bytes of factors")
        factors = cut(what, command.data, *[FACTOR_BYTES] * count)
        usage = KeyUsage.decode(bytes((command.p1,)))
        return cls(usage, command.p2, factors, (command.cla, command.ins) == cls._NAMES[True])


@dataclass(frozen=True, slots=True)
class DesCrypt:
    """DES CRYPT, 80 FA P1 00: encrypt or MAC with the key that INIT FOR DESCRYPT has chosen.

    P1 is a set of bits: 1 a MAC is made, 2 more blocks follow in the next command, 4 the first 8 bytes are the initial value
    (a MAC only). So 00 encrypts, 01 makes a MAC from zeros, 05 one from a given value.

    Refusals: 6985 no key was chosen, 6700 not whole blocks, 6A86.

    Args:
        data: whole blocks of 8 bytes, at least one; padding is the caller's affair.
        mac: whether a MAC is wanted. more: whether more blocks follow.
        initial: 8 bytes, the initial value of a MAC; None for zeros.
    """

    data: bytes = field(repr=False)
    mac: bool = False
    more: bool = False
    initial: bytes | None = None

    _MAC: ClassVar[int] = 1
    _MORE: ClassVar[int] = 2
    _INITIAL: ClassVar[int] = 4

    def command(self) -> CommandApdu:
        """The command; Le 256 when an answer is due, none while more blocks follow."""
        what = "DES CRYPT"
        if self.initial is not None and not self.mac:
            raise MalformedCardData(what, "an initial value goes with a MAC")
        lead = b"" if self.initial is None else require(what, "initial value", self.initial, BLOCK_BYTES)
        p1 = self._MAC * self.mac | self._MORE * self.more | self._INITIAL * (self.initial is not None)
        return build(bytes((0x80, 0xFA, p1, 0)), lead + _whole_blocks(self.data), None if self.more else 256)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a security module does."""
        what = "DES CRYPT"
        require_instruction(what, command, (0x80, 0xFA))
        has_initial, mac = bool(command.p1 & cls._INITIAL), bool(command.p1 & cls._MAC)
        if command.p1 > cls._MAC | cls._MORE | cls._INITIAL or command.p2 or (has_initial and not mac):
            raise MalformedCardData(what, f"P1 P2 {command.p1:02X} {command.p2:02X}")
        if len(command.data) < BLOCK_BYTES * (1 + has_initial):
            raise MalformedCardData(what, f"{len(command.data)} bytes")
        initial = command.data[:BLOCK_BYTES] if has_initial else None
        data = command.data[BLOCK_BYTES:] if has_initial else command.data
        return cls(_whole_blocks(data), mac, bool(command.p1 & cls._MORE), initial)


def _whole_blocks(data: bytes) -> bytes:
    if not data or len(data) % BLOCK_BYTES:
        raise MalformedCardData("DES CRYPT", f"{len(data)} bytes are not whole blocks")
    return data
