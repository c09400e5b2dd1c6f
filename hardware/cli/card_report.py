"""What anybody with a reader may read from a card: numbers, balance, log, trips and the public social-security records.

Names, ID numbers and keys are not read: the first two need the PIN, the keys no command gives out. Whatever the card is, and however
little of it can be read, there is a report: what was refused or has another form is named in it.
"""

from typing import Any, Final

from hardware.card import profile
from hardware.card.apdu import CommandApdu
from hardware.card.bcd import day_from_bcd
from hardware.card.card_number import printed_number
from hardware.card.channel import CardChannel, exchange, send
from hardware.card.files import MANAGEMENT_BYTES, PUBLIC_DATA_BYTES, ManagementData
from hardware.card.fixed import cut
from hardware.card.psam import PsamPublicData, terminal_number
from hardware.card.purse import read_binary, select_application, select_file
from hardware.card.social_security import ISSUER_TAGS, IssuerRecords
from hardware.card.status import StatusWord
from hardware.card.transit import TripRecord, TUnionManagementData
from hardware.cli.card_schemes import (
    SCHEMES,
    T_UNION,
    TRIP_RECORDS,
    TRIP_SFI,
    Reading,
    balance,
    log_entries,
    read_scheme,
    records,
)
from hardware.errors import MalformedCardData
from hardware.readers.contactless import ats, contactless_card, uid
from hardware.readers.errors import NotContactless, ResetByAnother
from hardware.readers.reader import PcscCard

Report = dict[str, Any]

CHIP_SERIAL_BYTES: Final = 8
MIN_ATR_BYTES: Final = 12  # a shorter one has no room for a chip serial beside what it must say
MAX_BEGINNINGS: Final = 3
_BLOCKED: Final = frozenset({StatusWord.FILE_INVALID, StatusWord.NOT_SUPPORTED})
_OURS: Final = (("purse", profile.PURSE_AID), ("social_security", profile.SSSE_AID), ("psam", profile.PSAM_AID))


def report_on(card: CardChannel) -> Report:
    """Read a card: our own, one of another Chinese city, a PSAM, a blank chip, or one that nobody here knows.

    A card that another program resets in between is read again from the beginning, up to MAX_BEGINNINGS times.

    Returns:
        JSON values: amounts in fen, times in ISO 8601, bytes as upper-case hexadecimal digits. A part that the chip has not is None; what
        could not be read is named in `unread`.

    Raises:
        CardRemoved: the card left.
    """
    for _ in range(MAX_BEGINNINGS - 1):
        try:
            return _report(card)
        except ResetByAnother:
            if not isinstance(card, PcscCard):
                raise
            card.resume()
    return _report(card)


def _report(card: CardChannel) -> Report:
    reading = Reading(card)
    contactless = _contactless(card)
    if contactless is not None and not contactless["processor"]:
        return _whole(card, reading, contactless, dict.fromkeys((key for key, _ in _OURS), "absent"))
    states = {key: _state(card, select_application(name)) for key, name in _OURS}
    report = _whole(card, reading, contactless, states)
    if states["purse"] != "absent":
        report["purse"] = _purse(reading)
    if states["social_security"] == "working":
        with reading.part("social security"):
            report["social_security"] = _social_security(card)
    if states["psam"] != "absent":
        with reading.part("PSAM"):
            report["psam"] = _psam(card)
    if states["psam"] == "absent":
        read = {key: read_scheme(reading, scheme) for key, scheme in SCHEMES.items()}
        report["other_schemes"] = [found for found in read.values() if found is not None]
    report["kind"] = _kind(report)
    return report


def _whole(card: CardChannel, reading: Reading, contactless: Report | None, states: dict[str, str]) -> Report:
    has_serial = contactless is None and len(card.atr) >= MIN_ATR_BYTES
    return {
        "kind": contactless["kind"] if contactless else "unknown card",
        "chip_serial": card.atr[-CHIP_SERIAL_BYTES:].hex().upper() if has_serial else None,
        "atr": card.atr.hex().upper(),
        "contactless": contactless,
        "applications": states,
        "purse": None,
        "social_security": None,
        "psam": None,
        "other_schemes": [],
        "unread": reading.unread,
    }


def _kind(report: Report) -> str:
    states = report["applications"]
    if report["psam"] is not None or states["psam"] != "absent":
        return "PSAM"
    purse = report["purse"]
    names = [scheme["scheme"] for scheme in report["other_schemes"]]
    if purse is not None:
        names.insert(0, "citizen card" if purse["card_class"] is not None else T_UNION.title)
    if report["social_security"] is not None:
        names.append("social security")
    return " + ".join(names) or "unknown card or blank chip"


def _contactless(card: CardChannel) -> Report | None:
    """What the reader tells of a card over the air; None for one on contacts."""
    known = contactless_card(card.atr)
    if known is None:
        return None
    told: dict[str, str | None] = {"uid": None, "ats": None}
    for key, question in (("uid", uid), ("ats", ats)):
        try:
            told[key] = question(card).hex().upper()
        except (NotContactless, MalformedCardData):
            continue
    return {"kind": known.kind, "processor": known.processor, **told}


def _state(card: CardChannel, command: CommandApdu) -> str:
    response = exchange(card, command)
    if response.ok:
        return "working"
    return "blocked" if response.sw in _BLOCKED and _has_files(card) else "absent"


def _has_files(card: CardChannel) -> bool:
    """Whether a SELECT that answered 6A81 or 6283 selected something: a blocked application still shows its files."""
    return any(exchange(card, read_binary(sfi, 1)).ok for sfi in (profile.PUBLIC_DATA_SFI, profile.SSSE_ISSUER_SFI))


def _purse(reading: Reading) -> Report:
    exchange(reading.card, select_application(profile.PURSE_AID))
    public = reading.data("EF15", read_binary(profile.PUBLIC_DATA_SFI, PUBLIC_DATA_BYTES))
    management = _management(reading)
    ours = management["card_class"] is not None
    return {
        **_public(reading, public),
        **management,
        "balance_fen": balance(reading, None if ours else T_UNION),
        "log": log_entries(reading),
        "trips": _trips(reading),
    }


def _public(reading: Reading, data: bytes) -> Report:
    """EF15 as any T-Union card has it: days that are none are left out, so that the number is read all the same."""
    read: Report = {"card_number": None, "issuer": None, "valid_from": None, "valid_to": None}
    with reading.part("EF15"):
        issuer, _, serial, first, last, _ = cut("EF15", data, 8, 2, 10, 4, 4, 2)
        read["issuer"] = issuer.hex().upper()
        read["card_number"] = serial.hex().upper()
        read["card_number"] = printed_number(serial)
        read["valid_from"] = day_from_bcd(first).isoformat()
        read["valid_to"] = day_from_bcd(last).isoformat()
    return read


def _management(reading: Reading) -> Report:
    """EF17: ours has a card class, that of other cities ends with the part that all have."""
    whole = exchange(reading.card, read_binary(profile.MANAGEMENT_SFI, MANAGEMENT_BYTES))
    try:
        ours = ManagementData.decode(whole.data if whole.ok else b"")
    except MalformedCardData:
        return _foreign_management(reading, whole.data)
    until = ours.class_valid_to
    return {
        "city": ours.city,
        "card_class": f"{ours.card_class:02X}",
        "class_valid_to": None if until is None else until.isoformat(),
    }


def _foreign_management(reading: Reading, data: bytes) -> Report:
    read: Report = {"city": None, "card_class": None, "class_valid_to": None}
    data = data or reading.data("EF17", read_binary(profile.MANAGEMENT_SFI, 256))
    with reading.part("EF17"):
        read["city"] = TUnionManagementData.decode(data).city if data else None
    return read


def _trips(reading: Reading) -> list[Report]:
    trips: list[Report] = []
    for raw in records(reading.card, TRIP_SFI, TRIP_RECORDS):
        with reading.part("trips"):
            if any(raw):
                trips.append(_trip(raw))
    return trips


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
    found = tuple(records(card, profile.SSSE_ISSUER_SFI, len(ISSUER_TAGS)))
    issuer = IssuerRecords.decode(found)
    return {
        "card_id": issuer.card_id.hex().upper(),
        "card_number": issuer.card_number,
        "category": issuer.category,
        "version": issuer.version,
        "institution": issuer.institution,
        "issued": issuer.issued.isoformat(),
        "expires": issuer.expires.isoformat(),
    }


def _psam(card: CardChannel) -> Report:
    send(card, select_file(profile.MASTER_FID))
    public = PsamPublicData.decode(send(card, read_binary(profile.PUBLIC_DATA_SFI, profile.PSAM_PUBLIC_DATA_BYTES)))
    number = terminal_number(send(card, read_binary(profile.PSAM_TERMINAL_SFI, profile.PSAM_TERMINAL_BYTES)))
    return {"serial": public.serial.hex().upper(), "terminal_number": number.hex().upper()}
