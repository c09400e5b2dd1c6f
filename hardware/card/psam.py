"""Commands and files of the PSAM, the terminal's security module that holds the purchase root keys (hardware/README.md)."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final, NamedTuple, Self

from hardware.card.apdu import CommandApdu
from hardware.card.bcd import bcd_day, day_from_bcd
from hardware.card.fixed import cut, require, unsigned
from hardware.errors import MalformedCardData

FACTOR_BYTES: Final = 8
MAX_FACTORS: Final = 3
_FIELDS_BEFORE_FACTORS: Final = (4, 2, 4, 1, 4, 3, 1, 1)


class PurchaseAuthorization(NamedTuple):
    """What the PSAM answers to 8070: its sequence number for this purchase, and the 4-byte MAC1 for the card."""

    terminal_seq: int
    mac1: bytes

    def encode(self) -> bytes:
        """The 8 bytes as the PSAM sends them."""
        what = "INIT SAM FOR PURCHASE answer"
        return unsigned(what, "terminal sequence", self.terminal_seq, 4) + require(what, "MAC1", self.mac1, 4)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 8 bytes."""
        sequence, mac1 = cut("INIT SAM FOR PURCHASE answer", data, 4, 4)
        return cls(int.from_bytes(sequence), mac1)


@dataclass(frozen=True, slots=True)
class InitSamForPurchase:
    """INIT SAM FOR PURCHASE, 80 70: make MAC1 for a card's debit.

    Args:
        random: 4 bytes from the card's INITIALIZE FOR PURCHASE.
        card_seq: the card's offline counter n from there.
        amount_fen: what will be debited.
        tti: 06 purchase, 09 CAPP purchase.
        date, time: 4 and 3 BCD bytes.
        key_version, algorithm: as the card answered.
        factors: the diversification factors of 8 bytes, the card's first, then the city's; 1 to 3.

    Refusals of the PSAM: 6700 wrong number of factors, 9403 unknown key version, 6985 wrong state.
    """

    random: bytes
    card_seq: int
    amount_fen: int
    tti: int
    date: bytes
    time: bytes
    key_version: int
    algorithm: int
    factors: tuple[bytes, ...]

    _HEADER: ClassVar[bytes] = bytes.fromhex("80700000")

    def command(self) -> CommandApdu:
        """The command, Le 8.

        Raises:
            MalformedCardData: a field has a wrong length, or there are no factors or too many.
        """
        what = "INIT SAM FOR PURCHASE"
        if not 1 <= len(self.factors) <= MAX_FACTORS:
            raise MalformedCardData(what, f"{len(self.factors)} factors, must be 1 to {MAX_FACTORS}")
        data = (
            require(what, "random", self.random, 4)
            + unsigned(what, "card counter", self.card_seq, 2)
            + unsigned(what, "amount", self.amount_fen, 4)
            + unsigned(what, "type", self.tti, 1)
            + require(what, "date", self.date, 4)
            + require(what, "time", self.time, 3)
            + unsigned(what, "key version", self.key_version, 1)
            + unsigned(what, "algorithm", self.algorithm, 1)
            + b"".join(require(what, "factor", factor, FACTOR_BYTES) for factor in self.factors)
        )
        cla, ins, p1, p2 = self._HEADER
        return CommandApdu(cla, ins, p1, p2, data, 8)

    @staticmethod
    def parse(response_data: bytes) -> PurchaseAuthorization:
        """Read sequence number and MAC1.

        Raises:
            MalformedCardData: not 8 bytes.
        """
        return PurchaseAuthorization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a PSAM does.

        Raises:
            MalformedCardData: another header, or not 20 bytes and 1 to 3 factors.
        """
        what = "INIT SAM FOR PURCHASE"
        factors_bytes = len(command.data) - sum(_FIELDS_BEFORE_FACTORS)
        count, rest = divmod(factors_bytes, FACTOR_BYTES)
        if command.header() != cls._HEADER or rest or not 1 <= count <= MAX_FACTORS:
            raise MalformedCardData(what, f"header {command.header().hex().upper()}, {len(command.data)} bytes")
        random, seq, amount, tti, day, time, version, algorithm, *factors = cut(
            what, command.data, *_FIELDS_BEFORE_FACTORS, *[FACTOR_BYTES] * count
        )
        return cls(
            random=random,
            card_seq=int.from_bytes(seq),
            amount_fen=int.from_bytes(amount),
            tti=tti[0],
            date=day,
            time=time,
            key_version=version[0],
            algorithm=algorithm[0],
            factors=tuple(factors),
        )


@dataclass(frozen=True, slots=True)
class CreditSamForPurchase:
    """CREDIT SAM FOR PURCHASE, 80 72: show the PSAM the card's MAC2.

    Refusals of the PSAM: 9302 wrong MAC2, 6985 no INIT SAM before it.
    """

    mac2: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("80720000")

    def command(self) -> CommandApdu:
        """The command, no Le."""
        cla, ins, p1, p2 = self._HEADER
        return CommandApdu(cla, ins, p1, p2, require("CREDIT SAM FOR PURCHASE", "MAC2", self.mac2, 4))

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a PSAM does.

        Raises:
            MalformedCardData: another header or length.
        """
        if command.header() != cls._HEADER:
            raise MalformedCardData("CREDIT SAM FOR PURCHASE", f"header {command.header().hex().upper()}")
        return cls(cut("CREDIT SAM FOR PURCHASE", command.data, 4)[0])


@dataclass(frozen=True, slots=True)
class PsamPublicData:
    """EF15 of the PSAM's master file, 14 bytes.

    Args:
        serial: 10 bytes, the PSAM serial number.
        version: version of the PSAM's data.
        key_card_type: which kind of security module; 01 here.
        issuer_data: 2 bytes of the issuer's own.
    """

    serial: bytes
    version: int = 1
    key_card_type: int = 1
    issuer_data: bytes = bytes(2)

    def encode(self) -> bytes:
        """The 14 bytes of the file."""
        what = "PSAM EF15"
        return (
            require(what, "serial", self.serial, 10)
            + unsigned(what, "version", self.version, 1)
            + unsigned(what, "key card type", self.key_card_type, 1)
            + require(what, "issuer data", self.issuer_data, 2)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 14 bytes.

        Raises:
            MalformedCardData: another length.
        """
        serial, version, key_card_type, issuer_data = cut("PSAM EF15", data, 10, 1, 1, 2)
        return cls(serial, version[0], key_card_type[0], issuer_data)


@dataclass(frozen=True, slots=True)
class PsamApplicationData:
    """EF17 of the PSAM's purchase application, 25 bytes.

    Args:
        key_index: index of the card's purchase key that this PSAM answers for.
        issuer, receiver: 8 bytes each: who issued the cards, who receives the money.
        valid_from, valid_to: first and last day.
    """

    key_index: int
    issuer: bytes
    receiver: bytes
    valid_from: date
    valid_to: date

    def encode(self) -> bytes:
        """The 25 bytes of the file."""
        what = "PSAM EF17"
        return (
            unsigned(what, "key index", self.key_index, 1)
            + require(what, "issuer", self.issuer, 8)
            + require(what, "receiver", self.receiver, 8)
            + bcd_day(self.valid_from)
            + bcd_day(self.valid_to)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 25 bytes.

        Raises:
            MalformedCardData: another length, or dates that are none.
        """
        index, issuer, receiver, first, last = cut("PSAM EF17", data, 1, 8, 8, 4, 4)
        return cls(index[0], issuer, receiver, day_from_bcd(first), day_from_bcd(last))


def terminal_number(data: bytes) -> bytes:
    """EF16 of the PSAM: the 6 BCD bytes of the terminal number it gives to its terminal.

    Raises:
        MalformedCardData: another length, or not digits.
    """
    digits = cut("PSAM EF16", data, 6)[0]
    if not digits.hex().isdecimal():
        raise MalformedCardData("PSAM EF16", "not BCD")
    return digits


@dataclass(frozen=True, slots=True)
class PsamSequence:
    """EF18 of the purchase application on PSAMs that have it, 4 bytes: the terminal sequence. Ours keeps it in its system."""

    terminal_seq: int

    def encode(self) -> bytes:
        """The 4 bytes of the file."""
        return unsigned("PSAM EF18", "terminal sequence", self.terminal_seq, 4)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 4 bytes.

        Raises:
            MalformedCardData: another length.
        """
        return cls(int.from_bytes(cut("PSAM EF18", data, 4)[0]))
