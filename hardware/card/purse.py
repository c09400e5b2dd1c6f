"""Commands of the electronic purse (JR/T 0025) and the ISO 7816-4 commands that go with them.

A command is a frozen value: `command()` gives the bytes, `parse()` reads the card's answer, `from_command()` reads the command
itself (the emulated card). Amounts in fen, 0 to 2**32 - 1; terminal numbers 6 bytes; dates 4 and times 3 BCD bytes.

All of them raise MalformedCardData for a field or an answer of the wrong length.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from hardware.card.apdu import CommandApdu
from hardware.card.fixed import cut, require, unsigned
from hardware.errors import MalformedCardData

CLA_ISO: Final = 0x00
CLA_PURSE: Final = 0x80
PURSE_EP: Final = 0x02
PIN_MIN_DIGITS: Final = 4
PIN_MAX_DIGITS: Final = 12
_SFI_MAX: Final = 0x1F
_BALANCE_MASK: Final = 0x7FFF_FFFF


def _header(command: CommandApdu, expected: bytes, what: str) -> None:
    if command.header() != expected:
        raise MalformedCardData(what, f"header {command.header().hex().upper()}, must be {expected.hex().upper()}")


def _build(header: bytes, data: bytes, le: int) -> CommandApdu:
    cla, ins, p1, p2 = header
    return CommandApdu(cla, ins, p1, p2, data, le)


class PurchaseProof(NamedTuple):
    """What a card answers to a debit: TAC for the host, MAC2 for the PSAM, 4 bytes each."""

    tac: bytes
    mac2: bytes


class TransactionProof(NamedTuple):
    """What GET TRANSACTION PROVE answers: the last MAC2 (or MAC1) and TAC, 4 bytes each."""

    mac: bytes
    tac: bytes


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


def _initialize_data(key_index: int, amount_fen: int, terminal: bytes) -> bytes:
    what = "INITIALIZE"
    return (
        unsigned(what, "key index", key_index, 1)
        + unsigned(what, "amount", amount_fen, 4)
        + require(what, "terminal number", terminal, 6)
    )


@dataclass(frozen=True, slots=True)
class InitializeForLoad:
    """INITIALIZE FOR LOAD, 80 50 00 02: announce a load, get what MAC2 is made from.

    Refusals of the card: 9403 unknown key index, 6982 PIN not verified, 9402 counter at its end, 6985 wrong state.
    """

    key_index: int
    amount_fen: int
    terminal: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("80500002")

    def command(self) -> CommandApdu:
        """The command, Le 16."""
        return _build(self._HEADER, _initialize_data(self.key_index, self.amount_fen, self.terminal), 16)

    @staticmethod
    def parse(response_data: bytes) -> LoadInitialization:
        """Read the card's 16 bytes."""
        return LoadInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        _header(command, cls._HEADER, "INITIALIZE FOR LOAD")
        index, amount, terminal = cut("INITIALIZE FOR LOAD", command.data, 1, 4, 6)
        return cls(index[0], int.from_bytes(amount), terminal)


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
        return _build(self._HEADER, data + require(what, "MAC2", self.mac2, 4), 4)

    @staticmethod
    def parse(response_data: bytes) -> bytes:
        """Read the 4-byte load TAC."""
        return cut("CREDIT FOR LOAD answer", response_data, 4)[0]

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        _header(command, cls._HEADER, "CREDIT FOR LOAD")
        return cls(*cut("CREDIT FOR LOAD", command.data, 4, 3, 4))


@dataclass(frozen=True, slots=True)
class InitializeForPurchase:
    """INITIALIZE FOR PURCHASE, 80 50 01 02, or for CAPP PURCHASE, 80 50 03 02: announce a debit, get what MAC1 is made from.

    A CAPP purchase (复合消费) may cost 0 fen and carries records that change together with the balance.

    Refusals of the card: 9403 unknown key index, then 9401 balance too low, 9402 counter at its end, 6985 wrong state.
    """

    key_index: int
    amount_fen: int
    terminal: bytes
    compound: bool = False

    _PLAIN: ClassVar[bytes] = bytes.fromhex("80500102")
    _COMPOUND: ClassVar[bytes] = bytes.fromhex("80500302")

    def command(self) -> CommandApdu:
        """The command, Le 15."""
        header = self._COMPOUND if self.compound else self._PLAIN
        return _build(header, _initialize_data(self.key_index, self.amount_fen, self.terminal), 15)

    @staticmethod
    def parse(response_data: bytes) -> PurchaseInitialization:
        """Read the card's 15 bytes."""
        return PurchaseInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        compound = command.header() == cls._COMPOUND
        if not compound:
            _header(command, cls._PLAIN, "INITIALIZE FOR PURCHASE")
        index, amount, terminal = cut("INITIALIZE FOR PURCHASE", command.data, 1, 4, 6)
        return cls(index[0], int.from_bytes(amount), terminal, compound)


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
        return CommandApdu(CLA_PURSE, 0xDC, self.record_number, _sfi(self.sfi) << 3, self.data)

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
        return _build(self._HEADER, data, 8)

    @staticmethod
    def parse(response_data: bytes) -> PurchaseProof:
        """Read TAC and MAC2."""
        return PurchaseProof(*cut("DEBIT FOR PURCHASE answer", response_data, 4, 4))

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        _header(command, cls._HEADER, "DEBIT FOR PURCHASE")
        sequence, date, time, mac1 = cut("DEBIT FOR PURCHASE", command.data, 4, 4, 3, 4)
        return cls(int.from_bytes(sequence), date, time, mac1)


@dataclass(frozen=True, slots=True)
class GetTransactionProve:
    """GET TRANSACTION PROVE, 80 5A 00: what the last committed transaction proved, for when its answer was lost.

    Args:
        tti: type of the transaction (02 load, 06 purchase, 09 CAPP purchase).
        seq: n + 1, where n is what its INITIALIZE answered.

    Refusals of the card: 9406 that transaction is not the last of its type.
    """

    tti: int
    seq: int

    def command(self) -> CommandApdu:
        """The command, Le 8."""
        return CommandApdu(CLA_PURSE, 0x5A, 0, self.tti, unsigned("GET TRANSACTION PROVE", "counter", self.seq, 2), 8)

    @staticmethod
    def parse(response_data: bytes) -> TransactionProof:
        """Read MAC and TAC, in this order in our profile; public sources do not settle it."""
        return TransactionProof(*cut("GET TRANSACTION PROVE answer", response_data, 4, 4))

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        _header(command, bytes((CLA_PURSE, 0x5A, 0, command.p2)), "GET TRANSACTION PROVE")
        return cls(command.p2, int.from_bytes(cut("GET TRANSACTION PROVE", command.data, 2)[0]))


@dataclass(frozen=True, slots=True)
class GetBalance:
    """GET BALANCE, 80 5C 00: shown to people, decides nothing."""

    purse: int = PURSE_EP

    def command(self) -> CommandApdu:
        """The command, Le 4."""
        return CommandApdu(CLA_PURSE, 0x5C, 0, self.purse, le=4)

    @staticmethod
    def parse(response_data: bytes) -> int:
        """Read the balance in fen; bit 31 is a flag on some cards and is masked."""
        return int.from_bytes(cut("GET BALANCE answer", response_data, 4)[0]) & _BALANCE_MASK


def _sfi(sfi: int) -> int:
    if not 1 <= sfi <= _SFI_MAX:
        raise MalformedCardData("short file id", f"{sfi}, must be 1 to {_SFI_MAX}")
    return sfi


def select_file(fid: int) -> CommandApdu:
    """SELECT by 2-byte file id."""
    return CommandApdu(CLA_ISO, 0xA4, 0, 0, unsigned("SELECT", "file id", fid, 2), 256)


def select_application(name: bytes) -> CommandApdu:
    """SELECT by application name, 5 to 16 bytes."""
    return CommandApdu(CLA_ISO, 0xA4, 4, 0, name, 256)


def read_binary(sfi: int, length: int, offset: int = 0) -> CommandApdu:
    """READ BINARY of a file by its short id; `length` 1 to 256 bytes from `offset`."""
    return CommandApdu(CLA_ISO, 0xB0, 0x80 | _sfi(sfi), offset, le=length)


def read_record(sfi: int, number: int, length: int = 256) -> CommandApdu:
    """READ RECORD by number; in a cyclic file 1 is the newest. 256 asks for the record in whatever length it has."""
    return CommandApdu(CLA_ISO, 0xB2, number, _sfi(sfi) << 3 | 4, le=length)


def get_challenge(length: int = 8) -> CommandApdu:
    """GET CHALLENGE: 4 bytes for a command MAC, 8 for EXTERNAL AUTHENTICATE; good for the next command only."""
    return CommandApdu(CLA_ISO, 0x84, 0, 0, le=length)


def external_authenticate(cryptogram: bytes, kid: int = 0) -> CommandApdu:
    """EXTERNAL AUTHENTICATE: the host proves a key; 8 bytes, or 16 in the social-security application."""
    return CommandApdu(CLA_ISO, 0x82, 0, kid, cryptogram)


def internal_authenticate(challenge8: bytes, kid: int) -> CommandApdu:
    """INTERNAL AUTHENTICATE: the card proves a key over 8 bytes chosen by the host."""
    return CommandApdu(CLA_ISO, 0x88, 0, kid, require("INTERNAL AUTHENTICATE", "challenge", challenge8, 8), 8)


def pack_pin(digits: str) -> bytes:
    """A PIN of 4 to 12 digits as packed BCD, 2 to 6 bytes; an odd number of digits is filled up with F.

    Raises:
        MalformedCardData: not digits, or too few or too many; the PIN is not in the message.
    """
    if not (digits.isascii() and digits.isdigit() and PIN_MIN_DIGITS <= len(digits) <= PIN_MAX_DIGITS):
        raise MalformedCardData("PIN", f"must be {PIN_MIN_DIGITS} to {PIN_MAX_DIGITS} digits")
    return bytes.fromhex(digits + "F" * (len(digits) % 2))


def verify_pin(digits: str, kid: int = 0) -> CommandApdu:
    """VERIFY. Refusals of the card: 63Cx wrong with x tries left, 6983 blocked."""
    return CommandApdu(CLA_ISO, 0x20, 0, kid, pack_pin(digits))
