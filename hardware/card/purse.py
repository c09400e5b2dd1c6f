"""Commands of the electronic purse (JR/T 0025) and the ISO 7816-4 commands that go with them.

A command is a frozen value: `command()` gives the bytes, `parse()` reads the card's answer, `from_command()` reads the command
itself (the emulated card). Amounts in fen, 0 to 2**32 - 1; terminal numbers 6 bytes; dates 4 and times 3 BCD bytes.
The commands of `iso` and `pin` can be had from here too; unloading, overdraft and cash have modules of their own.

All of them raise MalformedCardData for a field or an answer of the wrong length.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import CLA_PURSE, PURSE_ED, PURSE_EP, build, require_header, require_purse
from hardware.card.fixed import cut, require, unsigned
from hardware.card.iso import (
    CLA_ISO,
    external_authenticate,
    get_challenge,
    internal_authenticate,
    read_binary,
    read_record,
    select_application,
    select_file,
    short_id,
)
from hardware.card.pin import PIN_MAX_DIGITS, PIN_MIN_DIGITS, pack_pin, verify_pin
from hardware.card.purse_questions import GetBalance, GetTransactionProve, TransactionProof
from hardware.errors import MalformedCardData

__all__ = [
    "CLA_ISO",
    "CLA_PURSE",
    "PIN_MAX_DIGITS",
    "PIN_MIN_DIGITS",
    "PURSE_ED",
    "PURSE_EP",
    "CreditForLoad",
    "DebitForPurchase",
    "GetBalance",
    "GetTransactionProve",
    "InitializeForLoad",
    "InitializeForPurchase",
    "LoadInitialization",
    "PurchaseInitialization",
    "PurchaseProof",
    "TransactionProof",
    "UpdateCompoundCache",
    "external_authenticate",
    "get_challenge",
    "initialize_data",
    "internal_authenticate",
    "pack_pin",
    "read_binary",
    "read_record",
    "select_application",
    "select_file",
    "verify_pin",
]


class PurchaseProof(NamedTuple):
    """What a card answers to a debit: TAC for the host, MAC2 for the PSAM, 4 bytes each."""

    tac: bytes
    mac2: bytes

    def encode(self) -> bytes:
        """The 8 bytes as the card sends them."""
        what = "DEBIT FOR PURCHASE answer"
        return require(what, "TAC", self.tac, 4) + require(what, "MAC2", self.mac2, 4)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 8 bytes."""
        return cls(*cut("DEBIT FOR PURCHASE answer", data, 4, 4))


@dataclass(frozen=True, slots=True)
class LoadInitialization:
    """Answer to INITIALIZE FOR LOAD, 16 bytes: balance, online counter n, key version, algorithm, random 4, MAC1 4."""

    balance_fen: int
    online_seq: int
    key_version: int
    algorithm: int
    random: bytes
    mac1: bytes

    def encode(self) -> bytes:
        """The 16 bytes as the card sends them."""
        what = "INITIALIZE FOR LOAD answer"
        return (
            unsigned(what, "balance", self.balance_fen, 4)
            + unsigned(what, "online counter", self.online_seq, 2)
            + unsigned(what, "key version", self.key_version, 1)
            + unsigned(what, "algorithm", self.algorithm, 1)
            + require(what, "random", self.random, 4)
            + require(what, "MAC1", self.mac1, 4)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 16 bytes."""
        fields = cut("INITIALIZE FOR LOAD answer", data, 4, 2, 1, 1, 4, 4)
        balance, counter, version, algorithm = map(int.from_bytes, fields[:4])
        return cls(balance, counter, version, algorithm, fields[4], fields[5])


@dataclass(frozen=True, slots=True)
class PurchaseInitialization:
    """Answer to INITIALIZE FOR PURCHASE, 15 bytes: balance, offline counter n, overdraft limit, version, algorithm, random 4."""

    balance_fen: int
    offline_seq: int
    overdraft_fen: int
    key_version: int
    algorithm: int
    random: bytes

    def encode(self) -> bytes:
        """The 15 bytes as the card sends them."""
        what = "INITIALIZE FOR PURCHASE answer"
        return (
            unsigned(what, "balance", self.balance_fen, 4)
            + unsigned(what, "offline counter", self.offline_seq, 2)
            + unsigned(what, "overdraft limit", self.overdraft_fen, 3)
            + unsigned(what, "key version", self.key_version, 1)
            + unsigned(what, "algorithm", self.algorithm, 1)
            + require(what, "random", self.random, 4)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 15 bytes."""
        fields = cut("INITIALIZE FOR PURCHASE answer", data, 4, 2, 3, 1, 1, 4)
        balance, counter, overdraft, version, algorithm = map(int.from_bytes, fields[:5])
        return cls(balance, counter, overdraft, version, algorithm, fields[5])


def initialize_data(key_index: int, amount_fen: int, terminal: bytes) -> bytes:
    """Data of every INITIALIZE that names an amount, 11 bytes: key index ‖ amount ‖ terminal number."""
    what = "INITIALIZE"
    return (
        unsigned(what, "key index", key_index, 1)
        + unsigned(what, "amount", amount_fen, 4)
        + require(what, "terminal number", terminal, 6)
    )


@dataclass(frozen=True, slots=True)
class InitializeForLoad:
    """INITIALIZE FOR LOAD, 80 50 00 02 (passbook 01): announce a load, get what MAC2 is made from.

    Refusals of the card: 9403 unknown key index, 6982 PIN not verified, 9402 counter at its end, 6985 wrong state.
    """

    key_index: int
    amount_fen: int
    terminal: bytes
    purse: int = PURSE_EP

    _HEADER: ClassVar[bytes] = bytes.fromhex("805000")

    def command(self) -> CommandApdu:
        """The command, Le 16."""
        header = self._HEADER + bytes((require_purse("INITIALIZE FOR LOAD", self.purse),))
        return build(header, initialize_data(self.key_index, self.amount_fen, self.terminal), 16)

    @staticmethod
    def parse(response_data: bytes) -> LoadInitialization:
        """Read the card's 16 bytes."""
        return LoadInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        purse = require_purse("INITIALIZE FOR LOAD", command.p2)
        require_header("INITIALIZE FOR LOAD", command, cls._HEADER + bytes((purse,)))
        index, amount, terminal = cut("INITIALIZE FOR LOAD", command.data, 1, 4, 6)
        return cls(index[0], int.from_bytes(amount), terminal, purse)


@dataclass(frozen=True, slots=True)
class CreditForLoad:
    """CREDIT FOR LOAD, 80 52 00 00: the host's MAC2 orders the card to credit itself; the answer is the load TAC.

    Refusals of the card: 9302 wrong MAC2, 6985 no INITIALIZE before it.
    """

    date: bytes
    time: bytes
    mac2: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("80520000")

    def command(self) -> CommandApdu:
        """The command, Le 4."""
        what = "CREDIT FOR LOAD"
        data = require(what, "date", self.date, 4) + require(what, "time", self.time, 3)
        return build(self._HEADER, data + require(what, "MAC2", self.mac2, 4), 4)

    @staticmethod
    def parse(response_data: bytes) -> bytes:
        """Read the 4-byte load TAC."""
        return cut("CREDIT FOR LOAD answer", response_data, 4)[0]

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("CREDIT FOR LOAD", command, cls._HEADER)
        return cls(*cut("CREDIT FOR LOAD", command.data, 4, 3, 4))


@dataclass(frozen=True, slots=True)
class InitializeForPurchase:
    """INITIALIZE FOR PURCHASE, 80 50 01 02 (passbook 01), or for CAPP PURCHASE, 80 50 03 02: announce a debit, get what MAC1 is made from.

    A CAPP purchase (复合消费) may cost 0 fen and carries records that change together with the balance.

    Refusals of the card: 9403 unknown key index, then 9401 balance too low, 9402 counter at its end, 6985 wrong state.
    """

    key_index: int
    amount_fen: int
    terminal: bytes
    compound: bool = False
    purse: int = PURSE_EP

    _PLAIN: ClassVar[bytes] = bytes.fromhex("805001")
    _COMPOUND: ClassVar[bytes] = bytes.fromhex("805003")

    def command(self) -> CommandApdu:
        """The command, Le 15."""
        purse = require_purse("INITIALIZE FOR PURCHASE", self.purse)
        header = (self._COMPOUND if self.compound else self._PLAIN) + bytes((purse,))
        return build(header, initialize_data(self.key_index, self.amount_fen, self.terminal), 15)

    @staticmethod
    def parse(response_data: bytes) -> PurchaseInitialization:
        """Read the card's 15 bytes."""
        return PurchaseInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        purse = require_purse("INITIALIZE FOR PURCHASE", command.p2)
        allowed = (kind + bytes((purse,)) for kind in (cls._PLAIN, cls._COMPOUND))
        compound = require_header("INITIALIZE FOR PURCHASE", command, *allowed)[:3] == cls._COMPOUND
        index, amount, terminal = cut("INITIALIZE FOR PURCHASE", command.data, 1, 4, 6)
        return cls(index[0], int.from_bytes(amount), terminal, compound, purse)


@dataclass(frozen=True, slots=True)
class UpdateCompoundCache:
    """UPDATE CAPP DATA CACHE, 80 DC: a record that the next CAPP debit writes in one go with the balance.

    Args:
        sfi: short file id of the record file, 1 to 31.
        record_number: which record is replaced; 0 appends a new newest one (cyclic files).
        data: the whole record.
    """

    sfi: int
    record_number: int
    data: bytes

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return CommandApdu(CLA_PURSE, 0xDC, self.record_number, short_id(self.sfi) << 3, self.data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does; the low three bits of P2 may be 0 or 4."""
        if (command.cla, command.ins) != (CLA_PURSE, 0xDC) or command.p2 & 0b011 or command.p2 >> 3 == 0:
            raise MalformedCardData("UPDATE CAPP DATA CACHE", f"header {command.header().hex().upper()}")
        return cls(command.p2 >> 3, command.p1, command.data)


@dataclass(frozen=True, slots=True)
class DebitForPurchase:
    """DEBIT FOR PURCHASE (also CAPP), 80 54 01 00: the PSAM's MAC1 orders the card to debit itself.

    Refusals of the card: 9302 wrong MAC1, 9303 application locked, 6985 no INITIALIZE before it.
    """

    terminal_seq: int
    date: bytes
    time: bytes
    mac1: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("80540100")

    def command(self) -> CommandApdu:
        """The command, Le 8."""
        what = "DEBIT FOR PURCHASE"
        data = (
            unsigned(what, "terminal sequence", self.terminal_seq, 4)
            + require(what, "date", self.date, 4)
            + require(what, "time", self.time, 3)
            + require(what, "MAC1", self.mac1, 4)
        )
        return build(self._HEADER, data, 8)

    @staticmethod
    def parse(response_data: bytes) -> PurchaseProof:
        """Read TAC and MAC2."""
        return PurchaseProof.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("DEBIT FOR PURCHASE", command, cls._HEADER)
        sequence, date, time, mac1 = cut("DEBIT FOR PURCHASE", command.data, 4, 4, 3, 4)
        return cls(int.from_bytes(sequence), date, time, mac1)
