"""What anybody with a reader may read from a card: numbers, balance, log, trips and the public social-security records.

Names, ID numbers and keys are not read: the first two need the PIN, the keys no command gives out. Whatever the card is, and however
little of it can be read, there is a report: what was refused or has another form is named in it.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from hardware.card import profile
from hardware.card.apdu import CommandApdu
from hardware.card.atr import chip_serial_of
from hardware.card.card_walk import CardReading, read_application
from hardware.card.channel import CardChannel, exchange, send
from hardware.card.files import MANAGEMENT_BYTES, ManagementData, PublicApplicationData, TransactionLogRecord
from hardware.card.known_cards import KNOWN_CARDS, city_code
from hardware.card.psam import PsamPublicData, terminal_number
from hardware.card.purse import GetBalance, read_binary, read_record, select_application, select_file
from hardware.card.social_security import ISSUER_TAGS, IssuerRecords
from hardware.card.status import StatusWord
from hardware.card.transit import TripRecord, TUnionTrip
from hardware.errors import CardRefused, MalformedCardData
from hardware.readers.contactless import ats, contactless_card, uid
from hardware.readers.errors import NotContactless, ResetByAnother
from hardware.readers.reader import PcscCard

Report = dict[str, Any]

MAX_BEGINNINGS: Final = 3
T_UNION, CITY_UNION, SOCIAL = "t_union", "city_union", "social_security"
_BLOCKED: Final = frozenset({StatusWord.FILE_INVALID, StatusWord.NOT_SUPPORTED})
_OURS: Final = (("purse", profile.PURSE_AID), ("social_security", profile.SSSE_AID), ("psam", profile.PSAM_AID))
_OTHERS: Final = tuple(card for card in KNOWN_CARDS if card.slug not in {T_UNION, SOCIAL})
_KNOWN: Final = {card.slug: card for card in KNOWN_CARDS}

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
    contactless = _contactless(card)
    if contactless is not None and not contactless["processor"]:
        return _empty(card, contactless, dict.fromkeys((key for key, _ in _OURS), "absent"))
    states = {key: _state(card, select_application(name)) for key, name in _OURS}
    report = _empty(card, contactless, states)
    if states["psam"] != "absent":
        _add(report, "psam", card, _psam)
    else:
        _add_applications(report, card)
    report["kind"] = _kind(report)
    return report


def _add_applications(report: Report, card: CardChannel) -> None:
    """Our own applications by our profile; what is not of it, and everything else, as cards of other cities are read."""
    states = report["applications"]
    others = list(_OTHERS)
    if states["purse"] != "absent" and not _add(report, "purse", card, _purse):
        others.insert(0, _KNOWN[T_UNION])
    if states["social_security"] == "working" and not _add(report, "social_security", card, _social_security):
        others.append(_KNOWN[SOCIAL])
    for known in others:
        found = read_application(card, known)
        if found is not None:
            report["other_schemes"].append(_scheme(found))
            report["unread"] += [f"{known.title}, {note}" for note in found.notes]


def _add(report: Report, part: str, card: CardChannel, read: Callable[[CardChannel], Report]) -> bool:
    """Add a part of our profile; what is not of it is named. Returns whether it was read."""
    try:
        report[part] = read(card)
    except (CardRefused, MalformedCardData) as error:
        report["unread"].append(f"{part.replace('_', ' ')} of our profile, {error}")
        return False
    return True


def _empty(card: CardChannel, contactless: Report | None, states: dict[str, str]) -> Report:
    return {
        "kind": contactless["kind"] if contactless else "unknown card",
        "chip_serial": _chip_serial(card.atr) if contactless is None else None,
        "atr": card.atr.hex().upper(),
        "contactless": contactless,
        "applications": states,
        "purse": None,
        "social_security": None,
        "psam": None,
        "other_schemes": [],
        "unread": [],
    }


def _chip_serial(atr: bytes) -> str | None:
    try:
        return chip_serial_of(atr).hex().upper()
    except MalformedCardData:
        return None


def _kind(report: Report) -> str:
    if report["applications"]["psam"] != "absent":
        return "PSAM"
    names = ["citizen card"] if report["purse"] is not None else []
    names += [scheme["title"] for scheme in report["other_schemes"]]
    if report["social_security"] is not None and report["purse"] is None:
        names.append(_KNOWN[SOCIAL].title)
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
    return any(exchange(card, read_binary(sfi, 1)).ok for sfi in (profile.PUBLIC_DATA_SFI, profile.MANAGEMENT_SFI))


def _purse(card: CardChannel) -> Report:
    exchange(card, select_application(profile.PURSE_AID))
    management = ManagementData.decode(send(card, read_binary(profile.MANAGEMENT_SFI, MANAGEMENT_BYTES)))
    public = PublicApplicationData.decode(send(card, read_binary(profile.PUBLIC_DATA_SFI, 30)))
    until = management.class_valid_to
    return {
        "card_number": public.printed_number,
        "issuer": public.issuer.hex().upper(),
        "valid_from": public.valid_from.isoformat(),
        "valid_to": public.valid_to.isoformat(),
        "city": management.city,
        "card_class": f"{management.card_class:02X}",
        "class_valid_to": None if until is None else until.isoformat(),
        "balance_fen": GetBalance.parse(send(card, GetBalance().command())),
        "log": [
            _log_entry(TransactionLogRecord.decode(raw)) for raw in _records(card, profile.LOG_SFI, profile.LOG_RECORDS)
        ],
        "trips": [_trip(TripRecord.decode(raw)) for raw in _records(card, profile.TRIP_SFI, profile.TRIP_RECORDS)],
    }


def _records(card: CardChannel, sfi: int, limit: int) -> list[bytes]:
    records: list[bytes] = []
    for number in range(1, limit + 1):
        response = exchange(card, read_record(sfi, number))
        if not response.ok:
            break
        records.append(response.data)
    return records


def _log_entry(entry: TransactionLogRecord) -> Report:
    return {
        "sequence": entry.sequence,
        "type": TYPES.get(entry.type, f"{entry.type:02X}"),
        "amount_fen": entry.amount_fen,
        "terminal": entry.terminal.hex().upper(),
        "at": _time(entry),
    }


def _time(entry: TransactionLogRecord | TUnionTrip) -> str | None:
    try:
        return entry.at.isoformat()
    except MalformedCardData:
        return None


def _trip(trip: TripRecord) -> Report:
    return {
        "line": trip.line,
        "stop": trip.stop,
        "amount_fen": trip.amount_fen,
        "balance_fen": trip.balance_fen,
        "terminal": trip.terminal.hex().upper(),
        "at": trip.at.isoformat(),
        "transfer_counts_from": None if trip.anchor is None else trip.anchor.at.isoformat(),
    }


def _scheme(found: CardReading) -> Report:
    first, last = found.valid or (None, None)
    return {
        "scheme": found.card.slug,
        "title": found.card.title,
        "chinese": found.card.chinese,
        "card_number": found.number,
        "city": _city(found),
        "valid_from": _day(first),
        "valid_to": _day(last),
        "balance_fen": found.balance_fen,
        "log": [_log_entry(entry) for entry in found.log],
        "trips": [_foreign_trip(trip) for trip in found.trips],
        "records": found.records,
    }


def _city(found: CardReading) -> str | None:
    if found.card.slug != CITY_UNION:
        return None
    try:
        return city_code(found.selected.public_data)
    except MalformedCardData:
        return None


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _foreign_trip(trip: TUnionTrip) -> Report:
    return {
        "amount_fen": trip.amount_fen,
        "balance_fen": trip.balance_fen,
        "terminal": trip.terminal.hex().upper(),
        "at": _time(trip),
    }


def _social_security(card: CardChannel) -> Report:
    send(card, select_application(profile.SSSE_AID))
    issuer = IssuerRecords.decode(tuple(_records(card, profile.SSSE_ISSUER_SFI, len(ISSUER_TAGS))))
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
