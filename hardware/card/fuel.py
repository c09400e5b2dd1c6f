"""The grey lock (灰锁) of fuel cards: the pump locks the purse before it delivers, and debits the real amount afterwards.

JR/T 0025.9 in the dialect of one fuel company (CLA E0). A grey card refuses purse purchases until a pump of the region, or the
issuer on line, unlocks it with the amount that was delivered. The commands of the pump's security module are in `fuel_psam`.

All raise MalformedCardData for a field or an answer of the wrong length.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final, NamedTuple, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_header, require_no_data
from hardware.card.fixed import cut, require, unsigned
from hardware.card.purse import PurchaseInitialization
from hardware.errors import MalformedCardData

CLA_FUEL: Final = 0xE0
TTI_GREY_LOCK, TTI_DEBIT_UNLOCK, TTI_ONLINE_UNLOCK = 0x91, 0x93, 0x95
GREY_STATUS_BYTES: Final = 30


class GreyState(IntEnum):
    """First byte of the grey status."""

    NORMAL = 0x00
    LOCKED = 0x01
    UNREAD_TAC = 0x10
    """Unlocked, but its TAC was not fetched (TACUF)."""


@dataclass(frozen=True, slots=True)
class GreyStatus:
    """Answer to the status question, 30 bytes: state 1 ‖ 8 ‖ terminal 6 ‖ 11 ‖ GTAC 4; the parts between are the company's own.

    Args:
        state: normal, locked, or unread TAC.
        terminal: the 6-byte number of the pump that locked the card.
        gtac: 4 bytes, the card's signature under the lock.
        before, after: 8 and 11 bytes that public sources do not explain, kept as they are.
    """

    state: GreyState
    terminal: bytes
    gtac: bytes
    before: bytes = bytes(8)
    after: bytes = bytes(11)

    def encode(self) -> bytes:
        """The 30 bytes as the card sends them."""
        what = "grey status"
        return (
            bytes((self.state,))
            + require(what, "part before the terminal", self.before, 8)
            + require(what, "terminal number", self.terminal, 6)
            + require(what, "part after the terminal", self.after, 11)
            + require(what, "GTAC", self.gtac, 4)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 30 bytes; a state that is none of the three is refused."""
        state, before, terminal, after, gtac = cut("grey status", data, 1, 8, 6, 11, 4)
        if state[0] not in set(GreyState):
            raise MalformedCardData("grey status", f"state {state[0]:02X}")
        return cls(GreyState(state[0]), terminal, gtac, before, after)


@dataclass(frozen=True, slots=True)
class GetGreyStatus:
    """E0 CA P1 00: the lock and its proof; P1 01 also says that the TAC has been read. Refusals: 6985 no such purse."""

    tac_was_read: bool = False

    _HEADERS: ClassVar[tuple[bytes, bytes]] = (bytes.fromhex("E0CA0000"), bytes.fromhex("E0CA0100"))

    def command(self) -> CommandApdu:
        """The command, Le 30."""
        return build(self._HEADERS[self.tac_was_read], le=GREY_STATUS_BYTES)

    @staticmethod
    def parse(response_data: bytes) -> GreyStatus:
        """Read the 30 bytes."""
        return GreyStatus.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        header = require_header("grey status", command, *cls._HEADERS)
        require_no_data("grey status", command)
        return cls(header == cls._HEADERS[True])


def _index_and_terminal(what: str, key_index: int, terminal: bytes) -> bytes:
    return unsigned(what, "key index", key_index, 1) + require(what, "terminal number", terminal, 6)


@dataclass(frozen=True, slots=True)
class InitializeForGreyLock:
    """INIT GREY LOCK, E0 7A 08 01: announce the lock. Refusals: 9403, 9402, 6985 locked already."""

    key_index: int
    terminal: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("E07A0801")

    def command(self) -> CommandApdu:
        """The command, Le 15."""
        return build(self._HEADER, _index_and_terminal("INIT GREY LOCK", self.key_index, self.terminal), 15)

    @staticmethod
    def parse(response_data: bytes) -> PurchaseInitialization:
        """Read the card's 15 bytes: the same layout as before a purchase."""
        return PurchaseInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("INIT GREY LOCK", command, cls._HEADER)
        index, terminal = cut("INIT GREY LOCK", command.data, 1, 6)
        return cls(index[0], terminal)


class GreyLockProof(NamedTuple):
    """What the card answers to GREY LOCK: GTAC for the host, MAC2 for the pump's security module, 4 bytes each."""

    gtac: bytes
    mac2: bytes

    def encode(self) -> bytes:
        """The 8 bytes as the card sends them."""
        return require("GREY LOCK answer", "GTAC", self.gtac, 4) + require("GREY LOCK answer", "MAC2", self.mac2, 4)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 8 bytes."""
        return cls(*cut("GREY LOCK answer", data, 4, 4))


@dataclass(frozen=True, slots=True)
class GreyLock:
    """GREY LOCK, E0 7C 08 00: the security module's MAC1 orders the card to lock itself. Refusals: 9302, 6985 no INIT.

    Args:
        terminal_seq: 4 bytes as a number. terminal_random: 4 bytes of the security module.
        moment: date and time, 7 BCD bytes.
        mac1: 4 bytes.
    """

    terminal_seq: int
    terminal_random: bytes
    moment: bytes
    mac1: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("E07C0800")

    def command(self) -> CommandApdu:
        """The command, Le 8."""
        what = "GREY LOCK"
        data = (
            unsigned(what, "terminal sequence", self.terminal_seq, 4)
            + require(what, "terminal random", self.terminal_random, 4)
            + require(what, "date and time", self.moment, 7)
            + require(what, "MAC1", self.mac1, 4)
        )
        return build(self._HEADER, data, 8)

    @staticmethod
    def parse(response_data: bytes) -> GreyLockProof:
        """Read GTAC and MAC2."""
        return GreyLockProof.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("GREY LOCK", command, cls._HEADER)
        sequence, random, moment, mac1 = cut("GREY LOCK", command.data, 4, 4, 7, 4)
        return cls(int.from_bytes(sequence), random, moment, mac1)


@dataclass(frozen=True, slots=True)
class DebitForUnlock:
    """DEBIT FOR UNLOCK (解扣), E0 7E 08 01: debit what was delivered and unlock. Refusals: 9302 wrong GMAC, 9401, 6985 not locked.

    Args:
        amount_fen: what was delivered; card_seq: the card's offline counter of the lock.
        terminal, terminal_seq: 6 bytes and the number of the pump's security module.
        moment: date and time, 7 BCD bytes. gmac: 4 bytes.
    """

    amount_fen: int
    card_seq: int
    terminal: bytes
    terminal_seq: int
    moment: bytes
    gmac: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("E07E0801")

    def command(self) -> CommandApdu:
        """The command, Le 4."""
        what = "DEBIT FOR UNLOCK"
        data = (
            unsigned(what, "amount", self.amount_fen, 4)
            + unsigned(what, "card counter", self.card_seq, 2)
            + require(what, "terminal number", self.terminal, 6)
            + unsigned(what, "terminal sequence", self.terminal_seq, 4)
            + require(what, "date and time", self.moment, 7)
            + require(what, "GMAC", self.gmac, 4)
        )
        return build(self._HEADER, data, 4)

    @staticmethod
    def parse(response_data: bytes) -> bytes:
        """Read the 4-byte TAC."""
        return cut("DEBIT FOR UNLOCK answer", response_data, 4)[0]

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("DEBIT FOR UNLOCK", command, cls._HEADER)
        amount, seq, terminal, terminal_seq, moment, gmac = cut("DEBIT FOR UNLOCK", command.data, 4, 2, 6, 4, 7, 4)
        return cls(int.from_bytes(amount), int.from_bytes(seq), terminal, int.from_bytes(terminal_seq), moment, gmac)


@dataclass(frozen=True, slots=True)
class UnlockInitialization:
    """Answer to INIT FOR UNLOCK, 18 bytes: balance 4, offline 2, online 2, version, algorithm, random 4, MAC1 4."""

    balance_fen: int
    offline_seq: int
    online_seq: int
    key_version: int
    algorithm: int
    random: bytes
    mac1: bytes

    def encode(self) -> bytes:
        """The 18 bytes as the card sends them."""
        what = "INIT FOR UNLOCK answer"
        return (
            unsigned(what, "balance", self.balance_fen, 4)
            + unsigned(what, "offline counter", self.offline_seq, 2)
            + unsigned(what, "online counter", self.online_seq, 2)
            + unsigned(what, "key version", self.key_version, 1)
            + unsigned(what, "algorithm", self.algorithm, 1)
            + require(what, "random", self.random, 4)
            + require(what, "MAC1", self.mac1, 4)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 18 bytes."""
        fields = cut("INIT FOR UNLOCK answer", data, 4, 2, 2, 1, 1, 4, 4)
        balance, offline, online, version, algorithm = map(int.from_bytes, fields[:5])
        return cls(balance, offline, online, version, algorithm, fields[5], fields[6])


@dataclass(frozen=True, slots=True)
class InitializeForUnlock:
    """INIT FOR UNLOCK (联机解扣), E0 7A 09 01: announce that the issuer unlocks. Refusals: 9403, 9402, 6985 not locked."""

    key_index: int
    terminal: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("E07A0901")

    def command(self) -> CommandApdu:
        """The command, Le 18."""
        return build(self._HEADER, _index_and_terminal("INIT FOR UNLOCK", self.key_index, self.terminal), 18)

    @staticmethod
    def parse(response_data: bytes) -> UnlockInitialization:
        """Read the card's 18 bytes."""
        return UnlockInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("INIT FOR UNLOCK", command, cls._HEADER)
        index, terminal = cut("INIT FOR UNLOCK", command.data, 1, 6)
        return cls(index[0], terminal)


@dataclass(frozen=True, slots=True)
class UnlockOnline:
    """UNLOCK (联机解扣), E0 7E 09 00: the host's MAC2 orders debit and unlock; the answer is a TAC. Refusals: 9302, 9401, 6985."""

    amount_fen: int
    moment: bytes
    mac2: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("E07E0900")

    def command(self) -> CommandApdu:
        """The command, Le 4."""
        what = "UNLOCK"
        data = unsigned(what, "amount", self.amount_fen, 4) + require(what, "date and time", self.moment, 7)
        return build(self._HEADER, data + require(what, "MAC2", self.mac2, 4), 4)

    @staticmethod
    def parse(response_data: bytes) -> bytes:
        """Read the 4-byte TAC."""
        return cut("UNLOCK answer", response_data, 4)[0]

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("UNLOCK", command, cls._HEADER)
        amount, moment, mac2 = cut("UNLOCK", command.data, 4, 7, 4)
        return cls(int.from_bytes(amount), moment, mac2)
