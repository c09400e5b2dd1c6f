"""Transit cards of Chinese cities as their public readers know them: by which name each application is selected, and where its number lies.

Sources agree on names and offsets and on little else, so whatever a card does not answer, or answers in another form, is noted and passed
over. The purse commands are those of JR/T 0025 in all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from hardware.card.apdu import CommandApdu
from hardware.card.bcd import day_from_bcd
from hardware.card.channel import CardChannel, exchange
from hardware.card.files import LOG_RECORD_BYTES, TransactionLogRecord
from hardware.card.profile import MASTER_FID
from hardware.card.purse import GetBalance, read_binary, read_record, select_application, select_file
from hardware.card.status import describe
from hardware.card.tlv import TAG_PUBLIC_DATA, Tlv, parse
from hardware.errors import CardRefused, MalformedCardData

PUBLIC_DATA_SFI: Final = 0x15
PUBLIC_DATA_BYTES: Final = 30
LOG_SFI: Final = 0x18
LOG_RECORDS: Final = 10
TRIP_SFI: Final = 0x1E
TRIP_RECORDS: Final = 30
MAX_LE: Final = 256
MAX_DEPTH: Final = 4
BALANCE_BYTES: Final = 4
BALANCE_MASK: Final = 0x7FFF_FFFF
BALANCE, OVERDRAWN = 0x03, 0x02  # P1 of GET BALANCE on T-Union cards
FCI_TEMPLATES: Final = frozenset({0x6F, 0xA5})

TYPES: Final = {
    0x01: "passbook load",
    0x02: "load",
    0x03: "unload",
    0x04: "cash withdrawal",
    0x05: "passbook purchase",
    0x06: "purchase",
    0x07: "overdraft limit",
    0x09: "compound purchase",
    0x91: "grey lock",
    0x93: "grey unlock",
    0x95: "unlock on line",
}


@dataclass(frozen=True, slots=True)
class Field:
    """Where something lies in the information file.

    Args:
        start, length: bytes.
        sfi: of another file than the information file; None for that one.
        little_endian: a binary number of which the lowest byte comes first, shown in decimal digits.
    """

    start: int
    length: int
    sfi: int | None = None
    little_endian: bool = False


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one kind of card is read.

    Args:
        title: for people.
        names: application names to try, in order.
        number, valid_from, valid_to, city: where they lie.
        info_sfi, info_bytes: the information file; an SFI of None means tag 9F0C of the answer to SELECT.
        info_in_master: whether the information file belongs to the master file.
        purse: application with the purse, if it is another one.
        fid: of the application, where it has no name that can be selected.
    """

    title: str
    names: tuple[bytes, ...]
    number: Field | None
    valid_from: Field | None = Field(20, 4)
    valid_to: Field | None = Field(24, 4)
    city: Field | None = None
    info_sfi: int | None = PUBLIC_DATA_SFI
    info_bytes: int = PUBLIC_DATA_BYTES
    info_in_master: bool = False
    purse: bytes | None = None
    fid: int | None = None


T_UNION: Final = Scheme(
    "T-Union (JT/T 978)",
    (bytes.fromhex("A000000632010105"), bytes.fromhex("A000000632010106")),
    Field(10, 10),
)
SCHEMES: Final[dict[str, Scheme]] = {
    "city_union": Scheme(
        "City Union (CJ/T 166)", (bytes.fromhex("A00000000386980701"),), Field(12, 8), city=Field(2, 2)
    ),
    "shenzhen": Scheme("Shenzhen Tong", (b"PAY.SZT",), Field(16, 4, little_endian=True), info_sfi=None, info_bytes=32),
    "wuhan": Scheme(
        "Wuhan Tong", (b"AP1.WHCTC",), Field(0, 5, sfi=0x0A), Field(20, 4), Field(16, 4), info_sfi=0x05, info_bytes=28
    ),
    "lingnan": Scheme("Lingnan Pass", (b"PAY.APPY",), None, None, None, info_bytes=70, purse=b"PAY.TICL"),
    "suzhou": Scheme("Suzhou", (b"SUXIN.DDF01",), Field(10, 10)),
    "beijing": Scheme(
        "Beijing BMAC",
        (b"OC", b"PBOC"),
        Field(0, 8),
        Field(0x18, 4),
        Field(0x1C, 4),
        info_sfi=0x04,
        info_bytes=32,
        info_in_master=True,
        fid=0x1001,
    ),
}


class Reading:
    """One look at a card: what cannot be read is noted instead of ending it.

    Attributes:
        unread: one sentence for each part that the card refused or that has another form.
    """

    def __init__(self, card: CardChannel) -> None:
        self.card = card
        self.unread: list[str] = []

    def data(self, what: str, command: CommandApdu) -> bytes:
        """The answer to a command; nothing, and a note, when it is refused."""
        response = exchange(self.card, command)
        if not response.ok:
            self.unread.append(f"{what}: {response.sw:04X} {describe(response.sw)}")
            return b""
        return response.data

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """Read a part that may be refused or malformed."""
        try:
            yield
        except (CardRefused, MalformedCardData) as error:
            self.unread.append(f"{what}: {error}")


def read_scheme(reading: Reading, scheme: Scheme) -> dict[str, Any] | None:
    """Number, days, balance, log of a card of this scheme; None when the card is of another."""
    selected = _select(reading, scheme)
    if selected is None:
        return None
    name, fci = selected
    info = _info(reading, scheme, fci)
    if scheme.purse is not None:
        reading.data(f"{scheme.title} purse", select_application(scheme.purse))
    return {
        "scheme": scheme.title,
        "application": name.hex().upper(),
        "card_number": _number(reading, scheme.number, info),
        "city": None if scheme.city is None or not info else _cut(info, scheme.city).hex() or None,
        "valid_from": _day(info, scheme.valid_from),
        "valid_to": _day(info, scheme.valid_to),
        "balance_fen": balance(reading, scheme),
        "log": log_entries(reading),
    }


def balance(reading: Reading, scheme: Scheme | None = None) -> int | None:
    """What the selected purse holds; a T-Union card of another city tells balance and overdrawn amount apart."""
    if scheme is T_UNION:
        parts = [exchange(reading.card, _get_balance(p1)) for p1 in (BALANCE, OVERDRAWN)]
        if all(part.ok and len(part.data) == BALANCE_BYTES for part in parts):
            shown, overdrawn = (int.from_bytes(part.data) & BALANCE_MASK for part in parts)
            return shown - overdrawn
    held: list[int] = []
    with reading.part("balance"):
        if data := reading.data("balance", GetBalance().command()):
            held.append(GetBalance.parse(data))
    return held[0] if held else None


def log_entries(reading: Reading) -> list[dict[str, Any]]:
    """The transaction log of the selected purse, newest first; empty records are passed over."""
    entries = []
    for raw in records(reading.card, LOG_SFI, LOG_RECORDS):
        with reading.part("log"):
            entry = TransactionLogRecord.decode(raw[:LOG_RECORD_BYTES])
            if any(raw) and raw.strip(b"\xff"):  # else it was never written
                entries.append(_log_entry(entry))
    return entries


def records(card: CardChannel, sfi: int, limit: int) -> list[bytes]:
    """Records of a file from the first on; some cards give all of a log for one command, which is cut here."""
    found: list[bytes] = []
    for number in range(1, limit + 1):
        response = exchange(card, read_record(sfi, number))
        if not response.ok or not response.data:
            break
        data = response.data
        if sfi == LOG_SFI and number == 1 and len(data) > LOG_RECORD_BYTES and not len(data) % LOG_RECORD_BYTES:
            return [data[at : at + LOG_RECORD_BYTES] for at in range(0, len(data), LOG_RECORD_BYTES)]
        found.append(data)
    return found


def _select(reading: Reading, scheme: Scheme) -> tuple[bytes, bytes] | None:
    """The application's name and the answer to its SELECT. An application without a name counts only beside its information file."""
    for name in scheme.names:
        response = exchange(reading.card, select_application(name))
        if response.ok:
            return name, response.data
    if scheme.fid is None or scheme.info_sfi is None:
        return None
    exchange(reading.card, select_file(MASTER_FID))
    info = exchange(reading.card, read_binary(scheme.info_sfi, scheme.info_bytes))
    response = exchange(reading.card, select_file(scheme.fid))
    return (scheme.fid.to_bytes(2), response.data) if response.ok and info.ok else None


def _info(reading: Reading, scheme: Scheme, fci: bytes) -> bytes:
    what = f"{scheme.title} information"
    if scheme.info_sfi is None:
        return _in_fci(fci, TAG_PUBLIC_DATA)
    if not scheme.info_in_master:
        return reading.data(what, read_binary(scheme.info_sfi, scheme.info_bytes))
    exchange(reading.card, select_file(MASTER_FID))
    info = reading.data(what, read_binary(scheme.info_sfi, scheme.info_bytes))
    _select(reading, scheme)
    return info


def _in_fci(fci: bytes, tag: int) -> bytes:
    """The value of a data object wherever in the answer to SELECT it is; nothing when it is not there."""

    def found(data: bytes, depth: int) -> Iterator[Tlv]:
        try:
            objects = parse(data)
        except MalformedCardData:
            return
        for one in objects:
            yield one
            if one.tag in FCI_TEMPLATES and depth < MAX_DEPTH:
                yield from found(one.value, depth + 1)

    return next((one.value for one in found(fci, 1) if one.tag == tag), b"")


def _number(reading: Reading, field: Field | None, info: bytes) -> str | None:
    """The digits of a number; the zero that fills up an odd count of them is not one of them."""
    if field is None:
        return None
    data = (
        info if field.sfi is None else reading.data("card number", read_binary(field.sfi, field.start + field.length))
    )
    part = _cut(data, field)
    if len(part) != field.length:
        return None
    if field.little_endian:
        return str(int.from_bytes(part, "little"))
    digits = part.hex().upper()
    return digits[1:] if digits.startswith("0") and field.length == 10 else digits  # noqa: PLR2004 # 19 digits in 10 bytes


def _day(info: bytes, field: Field | None) -> str | None:
    if field is None:
        return None
    try:
        day: date = day_from_bcd(_cut(info, field))
    except MalformedCardData:
        return None
    return day.isoformat()


def _cut(data: bytes, field: Field) -> bytes:
    return data[field.start : field.start + field.length]


def _get_balance(p1: int) -> CommandApdu:
    return CommandApdu(0x80, 0x5C, p1, 0x02, le=BALANCE_BYTES)


def _log_entry(entry: TransactionLogRecord) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "type": TYPES.get(entry.type, f"{entry.type:02X}"),
        "amount_fen": entry.amount_fen,
        "terminal": entry.terminal.hex().upper(),
        "at": _time(entry),
    }


def _time(entry: TransactionLogRecord) -> str | None:
    try:
        instant: datetime = entry.at
    except MalformedCardData:
        return None
    return instant.isoformat()
