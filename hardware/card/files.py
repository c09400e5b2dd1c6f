"""Files of the purse application, EF15 to EF18 (JR/T 0025; layouts: hardware/README.md).

Each file is a frozen value with `encode()` and `decode()`, which undo each other exactly and raise MalformedCardData for
anything that is not of the file's form. The number and date functions that go with them can be had from here too.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Self

from hardware.card.bcd import (
    BEIJING,
    bcd,
    bcd_date,
    bcd_day,
    bcd_instant,
    bcd_time,
    day_from_bcd,
    digits_of,
    instant_from_bcd,
)
from hardware.card.card_number import (
    SERIAL_BYTES,
    SERIAL_PREFIX,
    application_serial,
    card_factor,
    luhn_digit,
    printed_number,
    serial_from_printed,
)
from hardware.card.fixed import cut, require, unsigned
from hardware.card.text import chip_text, decode_text, encode_text
from hardware.errors import MalformedCardData

__all__ = [
    "BEIJING",
    "CARDHOLDER_BYTES",
    "CARDHOLDER_NAME_BYTES",
    "LOG_RECORD_BYTES",
    "MANAGEMENT_BYTES",
    "PUBLIC_DATA_BYTES",
    "SERIAL_BYTES",
    "SERIAL_PREFIX",
    "CardholderData",
    "ManagementData",
    "PublicApplicationData",
    "TransactionLogRecord",
    "application_serial",
    "bcd",
    "bcd_date",
    "bcd_day",
    "bcd_instant",
    "bcd_time",
    "card_factor",
    "chip_text",
    "day_from_bcd",
    "digits_of",
    "instant_from_bcd",
    "luhn_digit",
    "printed_number",
    "serial_from_printed",
]

PUBLIC_DATA_BYTES: Final = 30
CARDHOLDER_BYTES: Final = 55
MANAGEMENT_BYTES: Final = 60
LOG_RECORD_BYTES: Final = 23
CARDHOLDER_NAME_BYTES: Final = 20
CHINA: Final = bytes.fromhex("00000156")
NO_END: Final = bytes(4)


@dataclass(frozen=True, slots=True)
class PublicApplicationData:
    """EF15, 30 bytes, also inside the answer to SELECT (tag 9F0C).

    Args:
        issuer: 8 bytes.
        application_type: 02 purse only.
        version: of the application.
        serial: 10 BCD bytes.
        valid_from, valid_to: first and last day.
        issuer_data: 2 bytes of the issuer's own.
    """

    issuer: bytes
    serial: bytes
    valid_from: date
    valid_to: date
    application_type: int = 0x02
    version: int = 0x01
    issuer_data: bytes = bytes(2)

    @property
    def factor(self) -> bytes:
        """The card's diversification factor, 8 bytes."""
        return card_factor(self.serial)

    @property
    def printed_number(self) -> str:
        """The 19 digits printed on the card."""
        return printed_number(self.serial)

    def encode(self) -> bytes:
        """The 30 bytes of the file."""
        what = "EF15"
        return (
            require(what, "issuer", self.issuer, 8)
            + unsigned(what, "application type", self.application_type, 1)
            + unsigned(what, "version", self.version, 1)
            + require(what, "serial", self.serial, SERIAL_BYTES)
            + bcd_day(self.valid_from)
            + bcd_day(self.valid_to)
            + require(what, "issuer data", self.issuer_data, 2)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 30 bytes."""
        issuer, kind, version, serial, first, last, issuer_data = cut("EF15", data, 8, 1, 1, 10, 4, 4, 2)
        digits_of(serial)
        return cls(issuer, serial, day_from_bcd(first), day_from_bcd(last), kind[0], version[0], issuer_data)


@dataclass(frozen=True, slots=True)
class CardholderData:
    """EF16, 55 bytes: who holds the card. Name and number do not appear in its repr.

    Args:
        name: at most 20 bytes in GB 18030 (`chip_text` cuts).
        id_number: at most 32 ASCII characters.
        id_type: 00 citizen id, 01 officer, 02 passport, 03 entry permit, 04 temporary id, 05 other.
        card_type, staff: the standard's first two bytes; 00 here.
    """

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    id_type: int = 0
    card_type: int = 0
    staff: int = 0

    def encode(self) -> bytes:
        """The 55 bytes of the file."""
        what = "EF16"
        if not self.id_number.isascii():
            raise MalformedCardData(what, "the id number is not ASCII")
        return (
            unsigned(what, "card type", self.card_type, 1)
            + unsigned(what, "staff", self.staff, 1)
            + encode_text(what, "name", self.name, CARDHOLDER_NAME_BYTES)
            + encode_text(what, "id number", self.id_number, 32)
            + unsigned(what, "id type", self.id_type, 1)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 55 bytes."""
        card_type, staff, name, number, id_type = cut("EF16", data, 1, 1, CARDHOLDER_NAME_BYTES, 32, 1)
        id_number = decode_text("EF16", "id number", number)
        if not id_number.isascii():
            raise MalformedCardData("EF16", "the id number is not ASCII")
        return cls(decode_text("EF16", "name", name), id_number, id_type[0], card_type[0], staff[0])


@dataclass(frozen=True, slots=True)
class ManagementData:
    """EF17, 60 bytes: management information; the first 11 are T-Union's (JT/T 978), the rest is our profile.

    country 4 ‖ province 2 ‖ city 2 ‖ interoperation 2 ‖ card kind 1 ‖ card class 1 ‖ class valid to 4 ‖ profile version 1 ‖ reserve 43.

    Args:
        province, city: 4 digits each, 3300 and 3302 in the demo city.
        card_class: 01 adult, 02 student, 03 senior 70+, 04 disabled or veteran; it selects the fare.
        class_valid_to: last day of the class, after which the card pays as an adult; None for no end.
        card_kind: T-Union's kind, 01 ordinary. interoperation: T-Union's 2 bytes.
        profile_version: version of this layout.
    """

    province: str
    city: str
    card_class: int
    class_valid_to: date | None = None
    card_kind: int = 0x01
    interoperation: int = 0x0001
    profile_version: int = 1

    def encode(self) -> bytes:
        """The 60 bytes of the file."""
        what = "EF17"
        return (
            CHINA
            + require(what, "province", bcd(self.province), 2)
            + require(what, "city", bcd(self.city), 2)
            + unsigned(what, "interoperation", self.interoperation, 2)
            + unsigned(what, "card kind", self.card_kind, 1)
            + unsigned(what, "card class", self.card_class, 1)
            + (NO_END if self.class_valid_to is None else bcd_day(self.class_valid_to))
            + unsigned(what, "profile version", self.profile_version, 1)
            + bytes(43)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 60 bytes; country and reserve must be as written."""
        country, province, city, interoperation, kind, card_class, end, version, reserve = cut(
            "EF17", data, 4, 2, 2, 2, 1, 1, 4, 1, 43
        )
        if country != CHINA or any(reserve):
            raise MalformedCardData("EF17", "country or reserve is not as this layout has them")
        return cls(
            province=digits_of(province),
            city=digits_of(city),
            card_class=card_class[0],
            class_valid_to=None if end == NO_END else day_from_bcd(end),
            card_kind=kind[0],
            interoperation=int.from_bytes(interoperation),
            profile_version=version[0],
        )


@dataclass(frozen=True, slots=True)
class TransactionLogRecord:
    """EF18, 23 bytes a record: what the card remembers of a transaction, newest first. Shown to people, decides nothing.

    Args:
        sequence: the counter after the transaction, n + 1.
        overdraft_fen, amount_fen: up to 2**24 - 1 and 2**32 - 1.
        type: type of the transaction (TTI).
        terminal: 6 bytes.
        date, time: 4 and 3 BCD bytes, as the terminal sent them.
    """

    sequence: int
    overdraft_fen: int
    amount_fen: int
    type: int
    terminal: bytes
    date: bytes
    time: bytes

    @property
    def at(self) -> datetime:
        """When, by the terminal's clock.

        Raises:
            MalformedCardData: the terminal sent no proper date or time.
        """
        return instant_from_bcd(self.date + self.time)

    def encode(self) -> bytes:
        """The 23 bytes of the record."""
        what = "EF18 record"
        return (
            unsigned(what, "counter", self.sequence, 2)
            + unsigned(what, "overdraft", self.overdraft_fen, 3)
            + unsigned(what, "amount", self.amount_fen, 4)
            + unsigned(what, "type", self.type, 1)
            + require(what, "terminal", self.terminal, 6)
            + require(what, "date", self.date, 4)
            + require(what, "time", self.time, 3)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 23 bytes."""
        seq, overdraft, amount, tti, terminal, day, time = cut("EF18 record", data, 2, 3, 4, 1, 6, 4, 3)
        counter, overdraft_fen, amount_fen = (int.from_bytes(part) for part in (seq, overdraft, amount))
        return cls(counter, overdraft_fen, amount_fen, tti[0], terminal, day, time)
