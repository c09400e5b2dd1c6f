"""Cards of Chinese cities that a reader can meet: what to select, and where number, days, balance, log and trips are.

The table is facts from public readers, not a standard; `sure` says where two sources agree. A reader walks it with `card_walk`.
A decoder here takes whatever bytes a card gave and answers a value or MalformedCardData.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from hardware.card.bcd import day_from_bcd, digits_of
from hardware.card.dialect import OUR_CARD, T_UNION, CityUnionNumber, Dialect
from hardware.card.iso import SelectApplication, SelectFile
from hardware.card.profile import MASTER_FID, PURSE_AID, SSSE_AID
from hardware.errors import MalformedCardData

INFORMATION_SFI, LOG_SFI, TRIP_SFI = 0x15, 0x18, 0x1E
SHANGHAI: Final = "2000"
MAX_INTEGER_BYTES: Final = 8


class Place:
    """Where bytes are read from; see the two kinds below."""


@dataclass(frozen=True, slots=True)
class InSelection(Place):
    """Tag 9F0C of the answer to SELECT, which repeats EF15."""


@dataclass(frozen=True, slots=True)
class InFile(Place):
    """A binary file.

    Args:
        sfi: its short id.
        of_master: it lies in the master file and is read before the application is selected.
    """

    sfi: int = INFORMATION_SFI
    of_master: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """Where the card number is and how it becomes digits.

    Args:
        place: where the bytes come from.
        start, end: from the first to behind the last byte.
        written: how they become the number that people know.
    """

    place: Place
    start: int
    end: int
    written: Callable[[bytes], str]

    def decode(self, data: bytes) -> str:
        """The number in the bytes of its place.

        Raises:
            MalformedCardData: too short, or not in this form.
        """
        return self.written(_slice(data, self.start, self.end))


@dataclass(frozen=True, slots=True)
class Days:
    """Where the first and the last day are, 4 BCD bytes each."""

    place: Place
    first: int
    last: int

    def decode(self, data: bytes) -> tuple[date, date]:
        """First and last day in the bytes of their place.

        Raises:
            MalformedCardData: too short, or no days.
        """
        first, last = (day_from_bcd(_slice(data, start, start + 4)) for start in (self.first, self.last))
        return first, last


def _slice(data: bytes, start: int, end: int) -> bytes:
    if len(data) < end:
        raise MalformedCardData("card information", f"{len(data)} bytes, must have {end}")
    return data[start:end]


def digits(data: bytes) -> str:
    """All digits of the bytes."""
    return digits_of(data)


def digits_after_first(data: bytes) -> str:
    """The digits without the first, which is 0: T-Union's 19 digits in 10 bytes.

    Raises:
        MalformedCardData: not digits, or the first is not 0.
    """
    found = digits_of(data)
    if not found.startswith("0"):
        raise MalformedCardData("card number", "does not start with 0")
    return found[1:]


def hexadecimal(data: bytes) -> str:
    """The bytes in hexadecimal: for numbers that are digits on most cards of a city and not on all."""
    return data.hex().upper()


def little_endian(data: bytes) -> str:
    """An integer of at most 8 bytes, lowest byte first.

    Raises:
        MalformedCardData: more bytes than any card number has.
    """
    return str(int.from_bytes(_short(data), "little"))


def big_endian(data: bytes) -> str:
    """An integer of at most 8 bytes, highest byte first.

    Raises:
        MalformedCardData: more bytes than any card number has.
    """
    return str(int.from_bytes(_short(data)))


def _short(data: bytes) -> bytes:
    if len(data) > MAX_INTEGER_BYTES:
        raise MalformedCardData("card number", f"{len(data)} bytes, at most {MAX_INTEGER_BYTES}")
    return data


@dataclass(frozen=True, slots=True)
class KnownCard:
    """One kind of card.

    Args:
        slug, title, chinese: names for programs and people.
        select: what to select one after the other; the first is what the card is known by. Alternatives are separate rows.
        number, days: where they are, None when no source says so.
        purse: whether it answers GET BALANCE; `dialect` how.
        electronic_cash: the balance is GET DATA 9F79, 6 BCD bytes, instead.
        logs: short ids of record files of 23 bytes, in the order to try; trips: of 48 bytes.
        sure: two sources agree; otherwise one.
    """

    slug: str
    title: str
    chinese: str
    select: tuple[SelectFile | SelectApplication, ...]
    number: Number | None = None
    days: Days | None = None
    purse: bool = True
    dialect: Dialect = OUR_CARD
    electronic_cash: bool = False
    logs: tuple[int, ...] = (LOG_SFI,)
    trips: tuple[int, ...] = ()
    sure: bool = True


def _named(*names: bytes) -> tuple[SelectApplication, ...]:
    return tuple(SelectApplication(name) for name in names)


def city_code(information: bytes) -> str:
    """City of a City Union card: bytes 2 and 3 of its EF15, 2000 is Shanghai.

    Raises:
        MalformedCardData: too short, or not digits.
    """
    return digits_of(_slice(information, 2, 4))


def city_union_number(information: bytes, rule: CityUnionNumber = OUR_CARD.city_union_number) -> str:
    """Number of a City Union card by a rule; Shanghai's is an integer, highest byte first, whatever the rule.

    Raises:
        MalformedCardData: too short.
    """
    written = {CityUnionNumber.LITTLE_ENDIAN_16: little_endian, CityUnionNumber.BIG_ENDIAN_16: big_endian}.get(rule)
    if information[2:4].hex() == SHANGHAI:
        written = big_endian
    if written is None:
        return hexadecimal(_slice(information, 12, 20))
    return written(_slice(information, 16, 20))


_EF15: Final = InFile()
_EF15_DAYS: Final = Days(_EF15, 20, 24)
_T_UNION_NUMBER: Final = Number(_EF15, 10, 20, digits_after_first)

KNOWN_CARDS: Final = (
    KnownCard(
        "t_union",
        "T-Union",
        "交通联合",
        _named(PURSE_AID),
        _T_UNION_NUMBER,
        _EF15_DAYS,
        dialect=T_UNION,
        trips=(TRIP_SFI,),
    ),
    KnownCard(
        "t_union_cash",
        "T-Union electronic cash",
        "交通联合电子现金",
        _named(bytes.fromhex("A000000632010106")),
        _T_UNION_NUMBER,
        _EF15_DAYS,
        purse=False,
        electronic_cash=True,
        trips=(TRIP_SFI,),
        sure=False,
    ),
    KnownCard(
        "city_union",
        "City Union",
        "城市一卡通互联互通",
        _named(bytes.fromhex("A00000000386980701")),
        Number(_EF15, 0, 20, city_union_number),
        _EF15_DAYS,
        logs=(LOG_SFI, 0x10, 0x06, 0x1A),
    ),
    KnownCard(
        "shenzhen",
        "Shenzhen Tong",
        "深圳通",
        _named(b"PAY.SZT"),
        Number(InSelection(), 16, 20, little_endian),
        Days(InSelection(), 20, 24),
    ),
    KnownCard(
        "beijing",
        "Beijing Municipal Card",
        "北京市政交通一卡通",
        (SelectFile(0x1001),),
        Number(InFile(0x04, of_master=True), 0, 8, digits),
        Days(InFile(0x04, of_master=True), 0x18, 0x1C),
    ),
    KnownCard(
        "wuhan",
        "Wuhan Tong",
        "武汉通",
        _named(b"AP1.WHCTC"),
        Number(InFile(0x0A), 0, 5, hexadecimal),
        Days(InFile(0x05), 20, 16),
    ),
    KnownCard(
        "lingnan",
        "Lingnan Pass",
        "岭南通",
        _named(b"PAY.APPY", b"PAY.TICL"),
        Number(_EF15, 11, 16, hexadecimal),
        Days(_EF15, 23, 27),
        logs=(LOG_SFI, 0x08),
        sure=False,
    ),
    KnownCard("suzhou", "Suzhou Tong", "苏州通", _named(b"SUXIN.DDF01"), sure=False),
    KnownCard("social_security", "Social-security card", "社会保障卡", _named(SSSE_AID), purse=False, logs=()),
)
"""In the order to try. Beijing's card has no name of its own and is tried by file id, so it is told apart by EF04 of the master file."""

MASTER_FILE: Final = SelectFile(MASTER_FID)
MASTER_NAMES: Final = (b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01")
"""Payment directories: of cards with contacts, and without."""
