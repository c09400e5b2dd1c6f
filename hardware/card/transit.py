"""Transit data on the card: trip records (EF1E) with our transfer anchor, and T-Union's part of EF17 (JT/T 978)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final, Self

from hardware.card.bcd import BEIJING, bcd, bcd_instant, digits_of, instant_from_bcd
from hardware.card.fixed import cut, require, unsigned
from hardware.errors import MalformedCardData

TRIP_RECORD_BYTES: Final = 48
ANCHOR_BYTES: Final = 6
MAX_LINE: Final = 0xFFFF
EPOCH: Final = datetime(2000, 1, 1, tzinfo=BEIJING)
COUNTRY_CHINA: Final = "00000156"


class TripType(IntEnum):
    """First byte of a trip record."""

    SINGLE = 0x02
    ENTRY = 0x03
    EXIT = 0x04
    SINGLE_RIDE = 0x06


class Industry(IntEnum):
    """Who the trip was with."""

    METRO = 0x01
    BUS = 0x02


@dataclass(frozen=True, slots=True)
class TransferAnchor:
    """The tap from which a transfer counts: 6 bytes, line 2 ‖ seconds since 2000-01-01 00:00 Beijing 4 (hardware/README.md).

    Args:
        line: 0 to 65,535.
        at: aware instant, whole seconds, after 2000 and before 2136; read back it is in Beijing time.
    """

    line: int
    at: datetime

    def encode(self) -> bytes:
        """The 6 bytes.

        Raises:
            MalformedCardData: line or time does not fit, or they would read as no anchor.
        """
        what = "transfer anchor"
        if self.at.tzinfo is None:
            raise MalformedCardData(what, "the instant has no time zone")
        seconds, rest = divmod(self.at - EPOCH, timedelta(seconds=1))
        if rest:
            raise MalformedCardData(what, "not whole seconds")
        encoded = unsigned(what, "line", self.line, 2) + unsigned(what, "time", seconds, 4)
        if not any(encoded):
            raise MalformedCardData(what, "line 0 at the epoch reads as no anchor")
        return encoded

    @classmethod
    def decode(cls, data: bytes) -> Self | None:
        """Read the 6 bytes; zeros are no anchor.

        Raises:
            MalformedCardData: another length.
        """
        line, seconds = cut("transfer anchor", data, 2, 4)
        if not any(data):
            return None
        return cls(int.from_bytes(line), EPOCH + timedelta(seconds=int.from_bytes(seconds)))


@dataclass(frozen=True, slots=True)
class TripRecord:
    """EF1E, 48 bytes a record, newest first: the last trips; record 1 is the last tap.

    type 1 ‖ terminal 8 ‖ industry 1 ‖ line 4 ‖ stop 2 ‖ direction 1 ‖ amount 4 ‖ balance 4 ‖ time 7 BCD ‖ city 2 ‖ acquirer 8 ‖ anchor 6.
    T-Union leaves the seven bytes of line and station to the city; line, stop and direction are our division of them.

    Args:
        type: 02 or 06 single, 03 entry, 04 exit.
        terminal: 6-byte terminal number; it stands right in its field of 8, with two zeros before it.
        industry: 01 metro, 02 bus.
        line, stop, direction: up to 4, 2 and 1 bytes.
        amount_fen: what was paid; balance_fen: what the purse held afterwards.
        at: aware instant; whole seconds.
        city: 4 digits.
        acquirer: 8 bytes.
        anchor: from where a transfer counts; None when there is none.
    """

    type: int
    terminal: bytes
    industry: int
    line: int
    stop: int
    amount_fen: int
    balance_fen: int
    at: datetime
    city: str
    acquirer: bytes
    anchor: TransferAnchor | None = None
    direction: int = 0

    def encode(self) -> bytes:
        """The 48 bytes of the record."""
        what = "EF1E record"
        return (
            unsigned(what, "type", self.type, 1)
            + bytes(2)
            + require(what, "terminal", self.terminal, 6)
            + unsigned(what, "industry", self.industry, 1)
            + unsigned(what, "line", self.line, 4)
            + unsigned(what, "stop", self.stop, 2)
            + unsigned(what, "direction", self.direction, 1)
            + unsigned(what, "amount", self.amount_fen, 4)
            + unsigned(what, "balance", self.balance_fen, 4)
            + bcd_instant(self.at)
            + require(what, "city", bcd(self.city), 2)
            + require(what, "acquirer", self.acquirer, 8)
            + (bytes(ANCHOR_BYTES) if self.anchor is None else self.anchor.encode())
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 48 bytes.

        Raises:
            MalformedCardData: another length, no proper time or city, or a terminal number of more than 6 bytes.
        """
        kind, lead, terminal, industry, line, stop, direction, amount, balance, at, city, acquirer, anchor = cut(
            "EF1E record", data, 1, 2, 6, 1, 4, 2, 1, 4, 4, 7, 2, 8, ANCHOR_BYTES
        )
        if any(lead):
            raise MalformedCardData("EF1E record", "a terminal number of more than 6 bytes")
        return cls(
            type=kind[0],
            terminal=terminal,
            industry=industry[0],
            line=int.from_bytes(line),
            stop=int.from_bytes(stop),
            amount_fen=int.from_bytes(amount),
            balance_fen=int.from_bytes(balance),
            at=instant_from_bcd(at),
            city=digits_of(city),
            acquirer=acquirer,
            anchor=TransferAnchor.decode(anchor),
            direction=direction[0],
        )


@dataclass(frozen=True, slots=True)
class TUnionManagementData:
    """First 11 bytes of a T-Union card's EF17: country 4 ‖ province 2 ‖ city 2 ‖ interoperation 2 ‖ card kind 1.

    For reading cards of other cities; our own card's EF17 is `files.ManagementData`, which starts with the same bytes.
    """

    country: str
    province: str
    city: str
    interoperation: int
    card_kind: int

    def encode(self) -> bytes:
        """The 11 bytes."""
        what = "T-Union EF17"
        return (
            require(what, "country", bcd(self.country), 4)
            + require(what, "province", bcd(self.province), 2)
            + require(what, "city", bcd(self.city), 2)
            + unsigned(what, "interoperation", self.interoperation, 2)
            + unsigned(what, "card kind", self.card_kind, 1)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the first 11 bytes of an EF17; what follows is the city's own.

        Raises:
            MalformedCardData: fewer than 11 bytes, or not digits.
        """
        country, province, city, interoperation, kind = cut("T-Union EF17", data[:11], 4, 2, 2, 2, 1)
        codes = (digits_of(country), digits_of(province), digits_of(city))
        return cls(*codes, int.from_bytes(interoperation), kind[0])


@dataclass(frozen=True, slots=True)
class TUnionTrip:
    """EF1E of any T-Union card, 48 bytes a record, for reading cards of other cities: no byte is given a meaning of ours.

    Args:
        type: 02 or 06 single, 03 entry, 04 exit. industry: 01 metro, 02 bus.
        terminal: 8 bytes. place: 7 bytes, line and station as the city writes them.
        amount_fen, balance_fen: what was paid, what the purse held afterwards.
        moment: date and time, 7 BCD bytes as the terminal sent them; `at` reads them.
        city: 2 bytes. acquirer: 8 bytes. reserved: 6 bytes.
    """

    type: int
    terminal: bytes
    industry: int
    place: bytes
    amount_fen: int
    balance_fen: int
    moment: bytes
    city: bytes
    acquirer: bytes
    reserved: bytes = bytes(6)

    @property
    def at(self) -> datetime:
        """When, by the terminal's clock.

        Raises:
            MalformedCardData: the terminal sent no proper date or time.
        """
        return instant_from_bcd(self.moment)

    def encode(self) -> bytes:
        """The 48 bytes of the record."""
        what = "T-Union trip"
        return (
            unsigned(what, "type", self.type, 1)
            + require(what, "terminal", self.terminal, 8)
            + unsigned(what, "industry", self.industry, 1)
            + require(what, "place", self.place, 7)
            + unsigned(what, "amount", self.amount_fen, 4)
            + unsigned(what, "balance", self.balance_fen, 4)
            + require(what, "date and time", self.moment, 7)
            + require(what, "city", self.city, 2)
            + require(what, "acquirer", self.acquirer, 8)
            + require(what, "reserved part", self.reserved, 6)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 48 bytes.

        Raises:
            MalformedCardData: another length.
        """
        fields = cut("T-Union trip", data, 1, 8, 1, 7, 4, 4, 7, 2, 8, 6)
        kind, terminal, industry, place, amount, balance, moment, city, acquirer, reserved = fields
        return cls(
            type=kind[0],
            terminal=terminal,
            industry=industry[0],
            place=place,
            amount_fen=int.from_bytes(amount),
            balance_fen=int.from_bytes(balance),
            moment=moment,
            city=city,
            acquirer=acquirer,
            reserved=reserved,
        )
