"""The overdraft limit (透支限额) of a passbook: INITIALIZE FOR UPDATE and UPDATE OVERDRAW LIMIT (JR/T 0025).

All raise MalformedCardData for a field or an answer of the wrong length. Limits are fen, up to 2**24 - 1.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import PURSE_ED, PURSE_EP, build, require_header, require_purse
from hardware.card.fixed import cut, require, unsigned

TTI_UPDATE_OVERDRAFT: Final = 0x07


@dataclass(frozen=True, slots=True)
class OverdraftInitialization:
    """Answer to INITIALIZE FOR UPDATE, 19 bytes: balance 4, online counter n 2, old limit 3, version, algorithm, random 4, MAC1 4."""

    balance_fen: int
    online_seq: int
    old_limit_fen: int
    key_version: int
    algorithm: int
    random: bytes
    mac1: bytes

    def encode(self) -> bytes:
        """The 19 bytes as the card sends them."""
        what = "INITIALIZE FOR UPDATE answer"
        return (
            unsigned(what, "balance", self.balance_fen, 4)
            + unsigned(what, "online counter", self.online_seq, 2)
            + unsigned(what, "old limit", self.old_limit_fen, 3)
            + unsigned(what, "key version", self.key_version, 1)
            + unsigned(what, "algorithm", self.algorithm, 1)
            + require(what, "random", self.random, 4)
            + require(what, "MAC1", self.mac1, 4)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 19 bytes."""
        fields = cut("INITIALIZE FOR UPDATE answer", data, 4, 2, 3, 1, 1, 4, 4)
        balance, counter, limit, version, algorithm = map(int.from_bytes, fields[:5])
        return cls(balance, counter, limit, version, algorithm, fields[5], fields[6])


@dataclass(frozen=True, slots=True)
class InitializeForUpdate:
    """INITIALIZE FOR UPDATE, 80 50 04 01: announce a new limit, get MAC1 and what MAC2 is made from.

    Refusals of the card: 9403 unknown key index, 6982 PIN not verified, 9402 counter at its end, 6985 wrong state.
    """

    key_index: int
    terminal: bytes
    purse: int = PURSE_ED

    _HEADER: ClassVar[bytes] = bytes.fromhex("805004")

    def command(self) -> CommandApdu:
        """The command, Le 19."""
        what = "INITIALIZE FOR UPDATE"
        data = unsigned(what, "key index", self.key_index, 1) + require(what, "terminal number", self.terminal, 6)
        return build(self._HEADER + bytes((require_purse(what, self.purse),)), data, 19)

    @staticmethod
    def parse(response_data: bytes) -> OverdraftInitialization:
        """Read the card's 19 bytes."""
        return OverdraftInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        what = "INITIALIZE FOR UPDATE"
        require_header(what, command, *(cls._HEADER + bytes((purse,)) for purse in (PURSE_ED, PURSE_EP)))
        index, terminal = cut(what, command.data, 1, 6)
        return cls(index[0], terminal, command.p2)


@dataclass(frozen=True, slots=True)
class UpdateOverdrawLimit:
    """UPDATE OVERDRAW LIMIT, 80 58 00 00: the host's MAC2 orders the new limit; the answer is a TAC.

    Refusals of the card: 9302 wrong MAC2, 6985 no INITIALIZE FOR UPDATE before it.
    """

    limit_fen: int
    date: bytes
    time: bytes
    mac2: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("80580000")

    def command(self) -> CommandApdu:
        """The command, Le 4."""
        what = "UPDATE OVERDRAW LIMIT"
        data = (
            unsigned(what, "limit", self.limit_fen, 3)
            + require(what, "date", self.date, 4)
            + require(what, "time", self.time, 3)
            + require(what, "MAC2", self.mac2, 4)
        )
        return build(self._HEADER, data, 4)

    @staticmethod
    def parse(response_data: bytes) -> bytes:
        """Read the 4-byte TAC."""
        return cut("UPDATE OVERDRAW LIMIT answer", response_data, 4)[0]

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("UPDATE OVERDRAW LIMIT", command, cls._HEADER)
        limit, date, time, mac2 = cut("UPDATE OVERDRAW LIMIT", command.data, 3, 4, 3, 4)
        return cls(int.from_bytes(limit), date, time, mac2)
