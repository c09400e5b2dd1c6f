"""What a fuel pump asks its security module for around a grey lock (JR/T 0025.9, the dialect of `fuel`).

All raise MalformedCardData for a field or an answer of the wrong length.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_header
from hardware.card.fixed import cut, require, unsigned
from hardware.card.fuel import TTI_DEBIT_UNLOCK, TTI_GREY_LOCK
from hardware.errors import MalformedCardData


class GreyLockAuthorization(NamedTuple):
    """What the security module answers: its sequence number, 4 random bytes and MAC1 for the card."""

    terminal_seq: int
    terminal_random: bytes
    mac1: bytes

    def encode(self) -> bytes:
        """The 12 bytes as the module sends them."""
        what = "INIT SAM GREY LOCK answer"
        return (
            unsigned(what, "terminal sequence", self.terminal_seq, 4)
            + require(what, "terminal random", self.terminal_random, 4)
            + require(what, "MAC1", self.mac1, 4)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 12 bytes."""
        sequence, random, mac1 = cut("INIT SAM GREY LOCK answer", data, 4, 4, 4)
        return cls(int.from_bytes(sequence), random, mac1)


@dataclass(frozen=True, slots=True)
class InitSamForGreyLock:
    """INIT SAM GREY LOCK, E0 40 00 00, 36 bytes: make MAC1 for a card's lock. Refusals: 9403 key version, 6700.

    Args:
        random, card_seq, balance_fen: as the card answered.
        moment: date and time, 7 BCD bytes.
        key_version, algorithm: as the card answered.
        card_serial, factor: 8 bytes each, the diversification factors, the card's first.
    """

    random: bytes
    card_seq: int
    balance_fen: int
    moment: bytes
    key_version: int
    algorithm: int
    card_serial: bytes
    factor: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("E0400000")

    def command(self) -> CommandApdu:
        """The command, Le 12."""
        what = "INIT SAM GREY LOCK"
        data = (
            require(what, "random", self.random, 4)
            + unsigned(what, "card counter", self.card_seq, 2)
            + unsigned(what, "balance", self.balance_fen, 4)
            + bytes((TTI_GREY_LOCK,))
            + require(what, "date and time", self.moment, 7)
            + unsigned(what, "key version", self.key_version, 1)
            + unsigned(what, "algorithm", self.algorithm, 1)
            + require(what, "card serial", self.card_serial, 8)
            + require(what, "factor", self.factor, 8)
        )
        return build(self._HEADER, data, 12)

    @staticmethod
    def parse(response_data: bytes) -> GreyLockAuthorization:
        """Read sequence, random and MAC1."""
        return GreyLockAuthorization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a security module does."""
        what = "INIT SAM GREY LOCK"
        require_header(what, command, cls._HEADER)
        random, seq, balance, tti, moment, version, algorithm, serial, factor = cut(
            what, command.data, 4, 2, 4, 1, 7, 1, 1, 8, 8
        )
        if tti[0] != TTI_GREY_LOCK:
            raise MalformedCardData(what, f"type {tti[0]:02X}, must be {TTI_GREY_LOCK:02X}")
        return cls(
            random=random,
            card_seq=int.from_bytes(seq),
            balance_fen=int.from_bytes(balance),
            moment=moment,
            key_version=version[0],
            algorithm=algorithm[0],
            card_serial=serial,
            factor=factor,
        )


@dataclass(frozen=True, slots=True)
class VerifyGreyLock:
    """E0 42 00 00: show the security module the MAC2 of the card's lock. Refusals: 9302 wrong, 6985 no INIT SAM before it."""

    mac2: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("E0420000")

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return build(self._HEADER, require("VERIFY GREY LOCK", "MAC2", self.mac2, 4))

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a security module does."""
        require_header("VERIFY GREY LOCK", command, cls._HEADER)
        return cls(cut("VERIFY GREY LOCK", command.data, 4)[0])


@dataclass(frozen=True, slots=True)
class InitSamForUnlock:
    """E0 44 00 00, 15 bytes: make the GMAC that debits what was delivered. Refusals: 6985 no lock of this card is open."""

    card_serial: bytes
    card_seq: int
    amount_fen: int

    _HEADER: ClassVar[bytes] = bytes.fromhex("E0440000")

    def command(self) -> CommandApdu:
        """The command, Le 4."""
        what = "INIT SAM UNLOCK"
        data = (
            bytes((TTI_DEBIT_UNLOCK,))
            + require(what, "card serial", self.card_serial, 8)
            + unsigned(what, "card counter", self.card_seq, 2)
            + unsigned(what, "amount", self.amount_fen, 4)
        )
        return build(self._HEADER, data, 4)

    @staticmethod
    def parse(response_data: bytes) -> bytes:
        """Read the 4-byte GMAC."""
        return cut("INIT SAM UNLOCK answer", response_data, 4)[0]

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a security module does."""
        require_header("INIT SAM UNLOCK", command, cls._HEADER)
        tti, serial, seq, amount = cut("INIT SAM UNLOCK", command.data, 1, 8, 2, 4)
        if tti[0] != TTI_DEBIT_UNLOCK:
            raise MalformedCardData("INIT SAM UNLOCK", f"type {tti[0]:02X}, must be {TTI_DEBIT_UNLOCK:02X}")
        return cls(serial, int.from_bytes(seq), int.from_bytes(amount))
