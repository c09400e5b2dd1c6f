"""What anybody with a reader may read from a card: numbers, balance, log, trips and the public social-security records.

Names, ID numbers and keys are not read: the first two need the PIN, the keys no command gives out.
"""

from datetime import datetime
from typing import Any, Final

from hardware.card import profile
from hardware.card.apdu import CommandApdu
from hardware.card.channel import CardChannel, exchange, send
from hardware.card.files import ManagementData, PublicApplicationData, TransactionLogRecord
from hardware.card.psam import PsamPublicData, terminal_number
from hardware.card.purse import GetBalance, read_binary, read_record, select_application, select_file
from hardware.card.social_security import ISSUER_TAGS, IssuerRecords
from hardware.card.status import StatusWord
from hardware.card.transit import TripRecord
from hardware.errors import MalformedCardData

Report = dict[str, Any]

TYPES: Final = {
    0x01: "passbook load",
    0x02: "load",
    0x03: "unload",
    0x05: "passbook purchase",
    0x06: "purchase",
    0x09: "compound purchase",
}
CHIP_SERIAL_BYTES: Final = 8
_ABSENT: Final = frozenset({StatusWord.FILE_NOT_FOUND})
_BLOCKED: Final = frozenset({StatusWord.FILE_INVALID, StatusWord.NOT_SUPPORTED})


def report_on(card: CardChannel) -> Report:
    """Read a citizen card, a blank chip or a PSAM.

    Returns:
        JSON values: amounts in fen, times in ISO 8601, bytes as upper-case hexadecimal digits. A part that the chip has not is None.

    Raises:
        CardRefused: a file cannot be read.
        MalformedCardData: a file is not of our profile.
        CardRemoved: the card left.
    """
    states = {
        name: _state(card, select_application(aid))
        for name, aid in (
            ("purse", profile.PURSE_AID),
            ("social_security", profile.SSSE_AID),
            ("psam", profile.PSAM_AID),
        )
    }
    return {
        "chip_serial": card.atr[-CHIP_SERIAL_BYTES:].hex().upper(),
        "atr": card.atr.hex().upper(),
        "applications": states,
        "purse": _purse(card) if states["purse"] != "absent" else None,
        "social_security": _social_security(card) if states["social_security"] == "working" else None,
        "psam": _psam(card) if states["psam"] != "absent" else None,
    }


def _state(card: CardChannel, command: CommandApdu) -> str:
    status = exchange(card, command).sw
    if status in _ABSENT:
        return "absent"
    return "blocked" if status in _BLOCKED else "working"


def _purse(card: CardChannel) -> Report:
    exchange(card, select_application(profile.PURSE_AID))
    public = PublicApplicationData.decode(send(card, read_binary(profile.PUBLIC_DATA_SFI, 30)))
    management = ManagementData.decode(send(card, read_binary(profile.MANAGEMENT_SFI, 60)))
    return {
        "card_number": public.printed_number,
        "issuer": public.issuer.hex().upper(),
        "valid_from": public.valid_from.isoformat(),
        "valid_to": public.valid_to.isoformat(),
        "city": management.city,
        "card_class": f"{management.card_class:02X}",
        "class_valid_to": None if management.class_valid_to is None else management.class_valid_to.isoformat(),
        "balance_fen": GetBalance.parse(send(card, GetBalance().command())),
        "log": [_log_entry(raw) for raw in _records(card, profile.LOG_SFI, profile.LOG_RECORDS)],
        "trips": [_trip(raw) for raw in _records(card, profile.TRIP_SFI, profile.TRIP_RECORDS)],
    }


def _records(card: CardChannel, sfi: int, limit: int) -> list[bytes]:
    records: list[bytes] = []
    for number in range(1, limit + 1):
        response = exchange(card, read_record(sfi, number))
        if not response.ok:
            break
        records.append(response.data)
    return records


def _log_entry(raw: bytes) -> Report:
    entry = TransactionLogRecord.decode(raw)
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


def _trip(raw: bytes) -> Report:
    trip = TripRecord.decode(raw)
    return {
        "line": trip.line,
        "stop": trip.stop,
        "amount_fen": trip.amount_fen,
        "balance_fen": trip.balance_fen,
        "terminal": trip.terminal.hex().upper(),
        "at": trip.at.isoformat(),
        "transfer_counts_from": None if trip.anchor is None else trip.anchor.at.isoformat(),
    }


def _social_security(card: CardChannel) -> Report:
    send(card, select_application(profile.SSSE_AID))
    records = IssuerRecords.decode(tuple(_records(card, profile.SSSE_ISSUER_SFI, len(ISSUER_TAGS))))
    return {
        "card_id": records.card_id.hex().upper(),
        "card_number": records.card_number,
        "category": records.category,
        "version": records.version,
        "institution": records.institution,
        "issued": records.issued.isoformat(),
        "expires": records.expires.isoformat(),
    }


def _psam(card: CardChannel) -> Report:
    send(card, select_file(profile.MASTER_FID))
    public = PsamPublicData.decode(send(card, read_binary(profile.PUBLIC_DATA_SFI, profile.PSAM_PUBLIC_DATA_BYTES)))
    number = terminal_number(send(card, read_binary(profile.PSAM_TERMINAL_SFI, profile.PSAM_TERMINAL_BYTES)))
    return {"serial": public.serial.hex().upper(), "terminal_number": number.hex().upper()}
