"""The fare of one tap, from the device table alone (published format 1: citizencard/tariffs/README.md).

The table is what the server sends to a terminal; this module shares no code with the server and trusts nothing in the table that it
does not understand: an unknown format, rule or entry is refused, never guessed. All arithmetic is in integer fen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from hardware.terminal.errors import DeviceTableInvalid, DeviceTableNotInForce, UnknownCardClass, UnknownLine

FORMAT: Final = 1
MAX_LINES: Final = 65_535  # the anchor on the card has two bytes for the line
MAX_CLASSES: Final = 256  # the class on the card is one byte
MAX_BASE_FEN: Final = 1_000_00
MAX_WINDOW_S: Final = 24 * 3600
MAX_VERSION: Final = 2**32 - 1
_TABLE_NAMES: Final = frozenset({"format", "version", "effective_from", "rounding", "transfer", "lines", "classes"})
_TRANSFER_NAMES: Final = frozenset(
    {"window_s", "window_inclusive", "anchor", "same_line", "reduce_fen", "order", "max_count"}
)
_LINE_NAMES: Final = frozenset({"base_fen"})
_CLASS_NAMES: Final = frozenset({"name", "numerator", "denominator"})


@dataclass(frozen=True, slots=True)
class Anchor:
    """The tap that a transfer reduction hangs on, as the card carries it.

    Args:
        line: line of that tap, 1 to 65,535.
        at: its time (aware), to the second.
    """

    line: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Fare:
    """What a ride costs.

    Args:
        base_fen: full fare of the line.
        price_fen: what the passenger pays, 0 ≤ price ≤ base; the sponsor of the card class pays the difference.
        transferred: the ride is the second leg of a transfer; it sets no new anchor.
        explanation: one sentence for the display and the log, with amounts in yuan.
    """

    base_fen: int
    price_fen: int
    transferred: bool
    explanation: str


@dataclass(frozen=True, slots=True)
class ClassDiscount:
    """What share of the base fare a card class pays: numerator ⁄ denominator, at most 1."""

    name: str
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class TransferRule:
    """When a second ride is cheaper, and by how much."""

    window_s: int
    window_inclusive: bool
    same_line: bool
    reduce_fen: int


@dataclass(frozen=True, slots=True)
class DeviceTable:
    """One tariff version as the terminal holds it.

    Args:
        version: tariff version, 0 to 2**32 - 1; goes into every record.
        effective_from: from this instant on.
        transfer: the transfer rule, None when there is none.
        lines: base fare in fen by line number.
        classes: discount by class byte.
    """

    version: int
    effective_from: datetime
    transfer: TransferRule | None
    lines: Mapping[int, int]
    classes: Mapping[int, ClassDiscount]

    @classmethod
    def parse(cls, document: object) -> Self:
        """Read the JSON document of the device table.

        Raises:
            DeviceTableInvalid: it is not format 1, names a rule this terminal does not know, or a value is out of bounds.
        """
        table = _object(document, "the table")
        if table.get("format") != FORMAT:
            raise DeviceTableInvalid(f"format {table.get('format')!r} is not known, must be {FORMAT}")
        _know(table, "the table", _TABLE_NAMES)
        if table.get("rounding") != "half_up":
            raise DeviceTableInvalid(f"rounding {table.get('rounding')!r} is not known")
        return cls(
            version=_integer(table, "version", MAX_VERSION),
            effective_from=_instant(table.get("effective_from")),
            transfer=None if table.get("transfer") is None else _transfer(_object(table["transfer"], "transfer")),
            lines=_lines(_object(table.get("lines"), "lines")),
            classes=_classes(_object(table.get("classes"), "classes")),
        )


def price(table: DeviceTable, line: int, card_class: int, anchor: Anchor | None, at: datetime) -> Fare:
    """Price a ride: the class's share of the base fare, half up to the fen, then less the transfer reduction, never below 0.

    Args:
        table: the device table.
        line: the line of this validator.
        card_class: class byte of the card (EF17).
        anchor: what the newest trip record of the card carries, None when that tap set none.
        at: time of the tap (aware).

    Raises, in this order:
        DeviceTableNotInForce: the table is for a later time.
        UnknownLine: the table has no such line.
        UnknownCardClass: the table has no such class.
    """
    if at < table.effective_from:
        raise DeviceTableNotInForce(table.version)
    if line not in table.lines:
        raise UnknownLine(line)
    if card_class not in table.classes:
        raise UnknownCardClass(card_class)
    base_fen = table.lines[line]
    share = table.classes[card_class]
    own_fen = round_half_up(base_fen * share.numerator, share.denominator)
    text = f"line {line} {_yuan(base_fen)}, class {share.name} {share.numerator}/{share.denominator}"
    if table.transfer is None or not is_transfer(table.transfer, line, anchor, at):
        return Fare(base_fen, own_fen, transferred=False, explanation=f"{text}: {_yuan(own_fen)}")
    price_fen = max(0, own_fen - table.transfer.reduce_fen)
    text = f"{text}, transfer less {_yuan(table.transfer.reduce_fen)}: {_yuan(price_fen)}"
    return Fare(base_fen, price_fen, transferred=True, explanation=text)


def is_transfer(rule: TransferRule, line: int, anchor: Anchor | None, at: datetime) -> bool:
    """Whether a ride on `line` at `at` is the second leg of the ride that set the anchor; an anchor in the future never counts."""
    if anchor is None or (anchor.line == line and not rule.same_line):
        return False
    age = at - anchor.at
    window = timedelta(seconds=rule.window_s)
    return timedelta(0) <= age and (age < window or (rule.window_inclusive and age == window))


def round_half_up(numerator: int, denominator: int) -> int:
    """Quotient of two non-negative integers, halves upwards: 1.5 → 2, 2.5 → 3."""
    return (2 * numerator + denominator) // (2 * denominator)


def _yuan(fen: int) -> str:
    return f"¥{fen // 100}.{fen % 100:02d}"


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise DeviceTableInvalid(f"{name} must be a JSON object")
    return value


def _know(value: Mapping[str, object], name: str, known: frozenset[str]) -> None:
    """An entry that this terminal does not know may be a rule that changes the price."""
    for entry in value:
        if entry not in known:
            raise DeviceTableInvalid(f"{entry!r} in {name} is not known")


def _integer(table: Mapping[str, object], name: str, maximum: int, minimum: int = 0) -> int:
    value = table.get(name)
    if type(value) is not int or not minimum <= value <= maximum:
        raise DeviceTableInvalid(f"{name} must be an integer from {minimum} to {maximum}")
    return value


def _flag(table: Mapping[str, object], name: str) -> bool:
    value = table.get(name)
    if not isinstance(value, bool):
        raise DeviceTableInvalid(f"{name} must be true or false")
    return value


def _instant(value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise DeviceTableInvalid("effective_from must be a time in ISO 8601") from None
    if instant.tzinfo is None:
        raise DeviceTableInvalid("effective_from must name its offset from UTC")
    return instant


def _transfer(rule: Mapping[str, object]) -> TransferRule:
    _know(rule, "transfer", _TRANSFER_NAMES)
    for name, known in (("anchor", "previous"), ("order", "discount_then_reduce"), ("max_count", 1)):
        if rule.get(name) != known:
            raise DeviceTableInvalid(f"transfer {name} {rule.get(name)!r} is not known, must be {known!r}")
    return TransferRule(
        window_s=_integer(rule, "window_s", MAX_WINDOW_S),
        window_inclusive=_flag(rule, "window_inclusive"),
        same_line=_flag(rule, "same_line"),
        reduce_fen=_integer(rule, "reduce_fen", MAX_BASE_FEN),
    )


def _lines(entries: Mapping[str, object]) -> dict[int, int]:
    if len(entries) > MAX_LINES:
        raise DeviceTableInvalid(f"more than {MAX_LINES} lines")
    lines: dict[int, int] = {}
    for name, entry in entries.items():
        if not (name.isascii() and name.isdigit() and str(int(name)) == name and 1 <= int(name) <= MAX_LINES):
            raise DeviceTableInvalid(f"line {name!r} must be a number from 1 to {MAX_LINES}")
        line = _object(entry, f"line {name}")
        _know(line, f"line {name}", _LINE_NAMES)
        lines[int(name)] = _integer(line, "base_fen", MAX_BASE_FEN)
    return lines


def _classes(entries: Mapping[str, object]) -> dict[int, ClassDiscount]:
    if len(entries) > MAX_CLASSES:
        raise DeviceTableInvalid(f"more than {MAX_CLASSES} card classes")
    classes: dict[int, ClassDiscount] = {}
    for byte, entry in entries.items():
        if len(byte) != 2 or not set(byte) <= set("0123456789ABCDEF"):  # noqa: PLR2004 - one byte, two digits
            raise DeviceTableInvalid(f"card class {byte!r} must be two hexadecimal digits")
        discount = _object(entry, f"card class {byte}")
        _know(discount, f"card class {byte}", _CLASS_NAMES)
        denominator = _integer(discount, "denominator", 1_000_000, minimum=1)
        numerator = _integer(discount, "numerator", denominator)
        classes[int(byte, 16)] = ClassDiscount(str(discount.get("name", byte)), numerator, denominator)
    return classes
