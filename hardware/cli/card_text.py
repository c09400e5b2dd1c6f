"""A report on a card for people: lines of text, and numbers hidden unless they were asked for."""

from collections.abc import Sequence
from typing import Any, Final

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.status import describe
from hardware.card.tlv import Tlv, parse
from hardware.cli.endings import yuan
from hardware.errors import MalformedCardData
from hardware.readers.trace import name_of, written

Report = dict[str, Any]

SHOWN_CHARACTERS: Final = 4
HIDDEN: Final = "*"
MAX_TREE_DEPTH: Final = 6
MAX_TEXT_BYTES: Final = 32
CONSTRUCTED: Final = 0x20
PRINTABLE: Final = range(0x20, 0x7F)
ATR_TAIL_CHARACTERS: Final = 16  # where our chips have their serial
_HIDDEN_FIELDS: Final = frozenset({"card_number", "card_id", "chip_serial", "uid", "ats"})

TAGS: Final = {
    0x6F: "file control information",
    0x62: "file control parameters",
    0x82: "file descriptor",
    0x83: "file id",
    0x84: "application name",
    0x88: "SFI of the directory",
    0xA5: "issuer's part",
    0x4F: "application id",
    0x50: "label",
    0x61: "application",
    0x87: "priority",
    0x9F08: "version",
    0x9F0C: "issuer's data (EF15)",
    0xBF0C: "issuer's own",
}


def masked(report: Report) -> Report:
    """The report with every number of card, chip and person's card cut to its last four characters."""
    return {key: _masked(key, value) for key, value in report.items()}


def _masked(key: str, value: Any) -> Any:  # noqa: ANN401 # JSON values
    if isinstance(value, dict):
        return masked(value)
    if isinstance(value, list):
        return [_masked(key, one) for one in value]
    if not isinstance(value, str):
        return value
    if key == "atr":
        return masked_atr(value)
    return _tail(value) if key in _HIDDEN_FIELDS else value


def masked_atr(atr: str) -> str:
    """What the ATR says of the chip's kind; of its end, where makers put serial numbers, the last four characters."""
    return atr[:-ATR_TAIL_CHARACTERS] + _tail(atr[-ATR_TAIL_CHARACTERS:])


def _tail(value: str) -> str:
    hidden = max(0, len(value) - SHOWN_CHARACTERS)
    return HIDDEN * hidden + value[hidden:]


def report_lines(report: Report) -> list[str]:
    """The whole report."""
    lines = [str(report["kind"]), f"ATR {report['atr']}"]
    if report["chip_serial"] is not None:
        lines.append(f"chip {report['chip_serial']}")
    if report["contactless"] is not None:
        lines += _contactless(report["contactless"])
    lines += [f"application {name}: {state}" for name, state in report["applications"].items() if state != "absent"]
    for title, write in (("purse", _purse), ("social_security", _social_security), ("psam", _psam)):
        if report[title] is not None:
            lines += ["", *write(report[title])]
    for scheme in report["other_schemes"]:
        lines += ["", *_scheme(scheme)]
    if report["unread"]:
        lines += ["", "not read:", *(f"  {what}" for what in report["unread"])]
    return lines


def exchange_lines(command: CommandApdu, response: ResponseApdu, *, show: bool = True) -> list[str]:
    """One command and its answer: names, bytes, the meaning of the status word, and the data objects when the answer is made of them."""
    lines = [f"> {written(command)}  {name_of(command)}"]
    if response.data and show:
        lines.append(f"< {response.data.hex().upper()}")
        lines += tlv_lines(response.data)
    elif response.data:
        lines.append(f"< <{len(response.data)} bytes>")
    lines.append(f"< {response.sw:04X}  {describe(response.sw)}")
    return lines


def tlv_lines(data: bytes, depth: int = 1) -> list[str]:
    """The data objects as a tree, two spaces a level; nothing when the bytes are not whole data objects."""
    try:
        objects = parse(data)
    except MalformedCardData:
        return []
    if depth == 1 and not all(_likely(one) for one in objects):
        return []
    lines: list[str] = []
    for one in objects:
        inner = tlv_lines(one.value, depth + 1) if _constructed(one) and depth < MAX_TREE_DEPTH else []
        title = f" {TAGS[one.tag]}" if one.tag in TAGS else ""
        lines.append(f"  {'  ' * depth}{one.tag:02X}{title}{'' if inner else f' {_value(one.value)}'}")
        lines += inner
    return lines


def _likely(one: Tlv) -> bool:
    """Whether a data object is meant: any bytes may look like one."""
    return one.tag in TAGS or (_constructed(one) and bool(one.value))


def _constructed(one: Tlv) -> bool:
    first = one.tag.to_bytes((one.tag.bit_length() + 7) // 8 or 1)[0]
    return bool(first & CONSTRUCTED)


def _value(value: bytes) -> str:
    text = (
        f' "{value.decode("ascii")}"' if 0 < len(value) <= MAX_TEXT_BYTES and all(b in PRINTABLE for b in value) else ""
    )
    return f"{value.hex().upper()}{text}"


def _contactless(contactless: Report) -> list[str]:
    lines = [f"over the air: {contactless['kind']}"]
    return lines + [f"{key.upper()} {contactless[key]}" for key in ("uid", "ats") if contactless[key] is not None]


def _money(fen: int | None) -> str:
    return "unknown" if fen is None else yuan(fen)


def _days(valid_from: str | None, valid_to: str | None) -> str:
    return f"valid {valid_from or '?'} to {valid_to or '?'}" if valid_from or valid_to else "validity unknown"


def _log(entries: Sequence[Report]) -> list[str]:
    return [f"last {len(entries)} transactions, newest first:"] + [
        f"  {entry['at'] or 'no time':25}  {entry['type']:17} {yuan(entry['amount_fen']):>10}  terminal {entry['terminal']}"
        f"  no. {entry['sequence']}"
        for entry in entries
    ]


def _purse(purse: Report) -> list[str]:
    days = _days(purse["valid_from"], purse["valid_to"])
    return [
        f"card number {purse['card_number']}, class {purse['card_class']}, {days}",
        f"balance {_money(purse['balance_fen'])}",
        *_log(purse["log"]),
        *_trips(purse["trips"]),
    ]


def _trips(trips: Sequence[Report]) -> list[str]:
    return [f"last {len(trips)} trips, newest first:"] + [
        f"  {trip['at'] or 'no time':25}  line {trip.get('line', '?'):<12} {yuan(trip['amount_fen']):>10}"
        f"  balance {yuan(trip['balance_fen'])}"
        for trip in trips
    ]


def _scheme(scheme: Report) -> list[str]:
    city = f", city {scheme['city']}" if scheme["city"] is not None else ""
    days = _days(scheme["valid_from"], scheme["valid_to"])
    lines = [f"{scheme['title']} {scheme['chinese']}: card number {scheme['card_number'] or 'unknown'}{city}, {days}"]
    if scheme["balance_fen"] is not None:
        lines.append(f"balance {_money(scheme['balance_fen'])}")
    if scheme["log"]:
        lines += _log(scheme["log"])
    if scheme["trips"]:
        lines += _trips(scheme["trips"])
    return lines + [f"{name.replace('_', ' ')} {value}" for name, value in scheme["records"].items()]


def _social_security(issuer: Report) -> list[str]:
    return [
        f"social-security card number {issuer['card_number']}, version {issuer['version']}",
        f"card id {issuer['card_id']}",
        f"issued {issuer['issued']} by {issuer['institution']}, expires {issuer['expires']}",
    ]


def _psam(psam: Report) -> list[str]:
    return [f"PSAM {psam['serial']} of terminal {psam['terminal_number']}"]
