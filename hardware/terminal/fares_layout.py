"""The device table, read from its bytes: layout 1, published in README.md ("Device table"). Nothing is guessed.

Magic, sizes and digest first, then the sections in their order; each section refers only to sections before it. Whatever the bytes
are, the answer is a table or a refusal with offset and field.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from hardware.card.transit import EPOCH
from hardware.terminal.errors import DeviceTableInvalid
from hardware.terminal.fares_bytes import NO_LIMIT, Cursor, Field
from hardware.terminal.fares_parking import Lot
from hardware.terminal.fares_parking_layout import read_lot
from hardware.terminal.fares_rules import (
    DAY_S,
    MINUTE_S,
    Between,
    ByDistance,
    ByTime,
    Companions,
    Concession,
    Condition,
    Costs,
    FareRule,
    Flat,
    Head,
    How,
    Less,
    LineRule,
    LineSet,
    Mark,
    MarkKind,
    Pays,
    Reduction,
    Rounding,
    Scope,
    Sections,
    Steps,
    Transfer,
    offset_of,
)

MAGIC: Final = b"CCT1"
LAYOUT: Final = 1
HEAD_BYTES: Final = 64
DIGEST_BYTES: Final = 32
MAX_BYTES: Final = 8 * 2**20
MAX_LINE: Final = 0xFFFF  # the anchor on the card has two bytes for the line
MAX_CLASSES: Final = 256
MAX_MINUTES: Final = 10_080
MAX_WINDOW_MINUTES: Final = 1_440
MAX_OFFSET_MINUTES: Final = 14 * 60 + 45
MAX_DIGITS: Final = 3
MAX_COMPANIONS: Final = 20
MAX_LOTS: Final = 500
SECTIONS: Final = (
    "conditions",
    "line sets",
    "class sets",
    "fares",
    "lines",
    "classes",
    "concessions",
    "transfers",
    "companions",
    "lots",
    "marks",
)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that a table says.

    Args:
        head: about itself.
        lines: by number. classes: name by class byte.
        concessions, transfers, marks: in the order in which the first that fits is looked for.
        companions: None when nobody taps for others.
        lots: by name.
    """

    head: Head
    lines: dict[int, LineRule]
    classes: dict[int, str]
    concessions: tuple[Concession, ...]
    transfers: tuple[Transfer, ...]
    companions: Companions | None
    lots: dict[str, Lot]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class _Pools:
    """What later sections refer to by number."""

    conditions: tuple[Condition, ...]
    line_sets: tuple[LineSet, ...]
    class_sets: tuple[frozenset[int], ...]


def read_rules(raw: bytes, fields: list[Field] | None = None) -> Rules:
    """Read a whole table.

    Args:
        raw: its bytes.
        fields: where every field is noted, in order; None: nowhere.

    Raises:
        DeviceTableInvalid: another layout, a wrong digest, or a value that this terminal does not understand.
    """
    cursor = Cursor(raw, _check_frame(raw, fields), len(raw) - DIGEST_BYTES, fields)
    head, counts = _head(cursor)
    pools = _Pools(
        _section(cursor, counts["conditions"], read_condition),
        _section(cursor, counts["line sets"], _line_set),
        _section(cursor, counts["class sets"], _class_set),
    )
    fares = _section(cursor, counts["fares"], _fare)
    lines = _lines(cursor, counts["lines"], pools, fares)
    classes = _classes(cursor, counts["classes"])
    concessions = _section(cursor, counts["concessions"], lambda c: Concession(_scope(c, pools), _reduction(c)))
    transfers = _section(cursor, counts["transfers"], lambda c: _transfer(c, pools))
    companions = _section(cursor, counts["companions"], lambda c: _companions(c, pools))
    lots = _lots(cursor, counts["lots"], pools)
    marks = _section(cursor, counts["marks"], lambda c: _mark(c, pools))
    if cursor.at != len(raw) - DIGEST_BYTES:
        raise DeviceTableInvalid(cursor.at, "end of the rules", "there are bytes that belong to nothing")
    if fields is not None:
        fields.append(Field(cursor.at, raw[cursor.at :], "SHA-256"))
    return Rules(head, lines, classes, concessions, transfers, companions[0] if companions else None, lots, marks)


def _check_frame(raw: bytes, fields: list[Field] | None) -> int:
    """Check what holds for the table as a whole; the number of the byte behind the sizes."""
    if not HEAD_BYTES + DIGEST_BYTES <= len(raw) <= MAX_BYTES:
        raise DeviceTableInvalid(
            0, "table", f"has {len(raw)} bytes, must have {HEAD_BYTES + DIGEST_BYTES} to {MAX_BYTES}"
        )
    cursor = Cursor(raw, 0, HEAD_BYTES, fields)
    if cursor.take(4, "magic") != MAGIC:
        cursor.refuse("magic", "is not that of a device table")
    if (layout := cursor.number(1, "layout")) != LAYOUT:
        cursor.refuse("layout", f"{layout} is not known, must be {LAYOUT}")
    cursor.zeros(1, "flags")
    if (size := cursor.number(2, "size of the header")) != HEAD_BYTES:
        cursor.refuse("size of the header", f"is {size}, must be {HEAD_BYTES}")
    if (size := cursor.number(4, "size of the table")) != len(raw):
        cursor.refuse("size of the table", f"is {size}, but there are {len(raw)} bytes")
    if hashlib.sha256(raw[:-DIGEST_BYTES]).digest() != raw[-DIGEST_BYTES:]:
        raise DeviceTableInvalid(len(raw) - DIGEST_BYTES, "SHA-256", "does not fit: the table was changed or cut")
    return cursor.at


def _head(cursor: Cursor) -> tuple[Head, dict[str, int]]:
    version = cursor.number(4, "tariff version", least=1)
    effective_from = EPOCH + timedelta(seconds=cursor.number(4, "effective from"))
    cursor.note(effective_from.isoformat())
    minutes = int.from_bytes(cursor.take(2, "offset from UTC"), signed=True)
    if abs(minutes) > MAX_OFFSET_MINUTES:
        cursor.refuse("offset from UTC", f"{minutes} minutes are out of bounds")
    cursor.note(f"{minutes} min")
    currency = cursor.take(3, "currency")
    if not currency.isalpha() or not currency.isupper():
        cursor.refuse("currency", "must be three capital letters")
    cursor.note(currency.decode("ascii"))
    digits = cursor.number(1, "decimals of the currency", most=MAX_DIGITS)
    how = How(cursor.number(1, "rounding", most=max(How)))
    cursor.zeros(1, "reserve")
    rounding = Rounding(cursor.number(4, "rounding step", least=1), how)
    counts = {section: cursor.number(2, f"number of {section}") for section in SECTIONS}
    if counts["classes"] > MAX_CLASSES or counts["companions"] > 1 or counts["lots"] > MAX_LOTS:
        cursor.refuse("number of entries", f"at most {MAX_CLASSES} classes, 1 rule for companions, {MAX_LOTS} lots")
    cursor.zeros(HEAD_BYTES - cursor.at, "reserve")
    zone = offset_of(minutes)
    return Head(version, effective_from, zone, currency.decode("ascii"), digits, rounding), counts


def _section(cursor: Cursor, count: int, read: Callable[[Cursor], Item]) -> tuple[Item, ...]:
    return tuple(read(cursor) for _ in range(count))


def read_condition(cursor: Cursor) -> Condition:
    """One entry of the section of conditions."""
    has = cursor.flags(1, "condition, flags", known=0x0F)
    begins, ends = (cursor.number(2, f"condition, hours {end}", most=DAY_S // MINUTE_S) for end in ("from", "until"))
    if has & 1 and begins == ends:
        cursor.refuse("condition, hours until", "must differ from the beginning")
    days = cursor.number(1, "condition, days", most=0x7F)
    if not has & 1 and (begins or ends):
        cursor.refuse("condition, hours", "must be zeros when the flag is not set")
    if bool(has & 2) != bool(days):
        cursor.refuse("condition, days", "must name a day when the flag is set, and none otherwise")
    season = None
    if has & 4:
        season = (cursor.day_of_year("condition, season from"), cursor.day_of_year("condition, season until"))
    else:
        cursor.zeros(4, "condition, season")
    only, never = (
        cursor.number(2, "condition, number of dates"),
        cursor.number(2, "condition, number of excepted dates"),
    )
    dates = frozenset(cursor.day("condition, date") for _ in range(only))
    if not has & 8 and only:
        cursor.refuse("condition, dates", "must be none when the flag is not set")
    return Condition(
        hours=(begins * MINUTE_S, ends * MINUTE_S) if has & 1 else None,
        days=frozenset(day for day in range(7) if days >> day & 1) if has & 2 else None,
        season=season,
        dates=dates if has & 8 else None,
        except_dates=frozenset(cursor.day("condition, excepted date") for _ in range(never)),
    )


def _line_set(cursor: Cursor) -> LineSet:
    ranges: list[tuple[int, int]] = []
    for _ in range(cursor.number(2, "line set, number of ranges", least=1)):
        first = cursor.number(2, "line set, first", least=ranges[-1][1] + 1 if ranges else 1)
        ranges.append((first, cursor.number(2, "line set, last", least=first)))
    return LineSet(tuple(ranges))


def _class_set(cursor: Cursor) -> frozenset[int]:
    count = cursor.number(2, "class set, number", most=MAX_CLASSES, least=1)
    found = cursor.take(count, "class set, classes")
    if list(found) != sorted(set(found)):
        cursor.refuse("class set, classes", "must rise")
    return frozenset(found)


def _fare(cursor: Cursor) -> FareRule:
    kind = cursor.number(1, "fare, kind", most=5, least=1)
    has = cursor.flags(1, "fare, flags", known=0x03)
    overtime = cursor.number(2, "fare, overtime", most=MAX_MINUTES)
    top = cursor.number(4, "fare, top")
    if (not has & 1 and top) or bool(has & 2) != bool(overtime):
        cursor.refuse("fare, top and overtime", "must be zeros when the flag is not set, and overtime only then")
    readers: tuple[Callable[[Cursor], Flat | Sections | Between | ByDistance | ByTime], ...] = (
        lambda c: Flat(c.number(4, "fare, price")),
        _sections,
        _between,
        lambda c: ByDistance(_steps(c)),
        lambda c: ByTime(_steps(c)),
    )
    return FareRule(readers[kind - 1](cursor), top if has & 1 else None, overtime * MINUTE_S if has & 2 else None)


def _sections(cursor: Cursor) -> Sections:
    stops = cursor.number(2, "fare, number of stops", least=1)
    prices = cursor.number(2, "fare, number of prices", least=1)
    section_of: dict[int, int] = {}
    last = 0
    for _ in range(stops):
        last = cursor.number(2, "fare, stop", least=last + 1)
        section_of[last] = cursor.number(2, "fare, section")
    return Sections(section_of, tuple(cursor.number(4, "fare, price") for _ in range(prices)))


def _between(cursor: Cursor) -> Between:
    fen: dict[tuple[int, int], int] = {}
    last = (0, 0)
    for _ in range(cursor.number(2, "fare, number of pairs", least=1)):
        pair = (cursor.number(2, "fare, from stop", least=1), cursor.number(2, "fare, to stop", least=1))
        if pair <= last:
            cursor.refuse("fare, pair of stops", "must rise")
        last = pair
        fen[pair] = cursor.number(4, "fare, price")
    return Between(fen)


def _steps(cursor: Cursor) -> Steps:
    first_up_to, first_fen = cursor.number(8, "steps, first"), cursor.number(4, "steps, price of the first")
    bands: list[tuple[int | None, int, int]] = []
    below = first_up_to
    count = cursor.number(2, "steps, number of bands")
    for index in range(count):
        up_to = cursor.number(8, "steps, up to", least=below)
        if up_to == NO_LIMIT and index + 1 < count:
            cursor.refuse("steps, up to", "must have a limit before the last band")
        each = cursor.number(8, "steps, size of a step", least=1)
        bands.append((None if up_to == NO_LIMIT else up_to, each, cursor.number(4, "steps, price of a step")))
        below = up_to
    return Steps(first_up_to, first_fen, tuple(bands))


def _lines(cursor: Cursor, count: int, pools: _Pools, fares: tuple[FareRule, ...]) -> dict[int, LineRule]:
    lines: dict[int, LineRule] = {}
    last = 0
    for _ in range(count):
        first = cursor.number(2, "line, first", least=last + 1)
        last = cursor.number(2, "line, last", least=first)
        has = cursor.flags(2, "line, flags", known=0x0F)
        fare = cursor.one_of(fares, "line, fare")
        others = [
            (cursor.one_of(pools.conditions, "line, condition of a fare"), cursor.one_of(fares, "line, fare at times"))
            for _ in range(cursor.number(2, "line, number of fares at times"))
        ]
        rule = LineRule(fare, tuple(others), bool(has & 1), bool(has & 2), bool(has & 4), bool(has & 8))
        lines |= dict.fromkeys(range(first, last + 1), rule)
    return lines


def _classes(cursor: Cursor, count: int) -> dict[int, str]:
    classes: dict[int, str] = {}
    for _ in range(count):
        card_class = cursor.number(1, "class")
        if classes and card_class <= max(classes):
            cursor.refuse("class", "must rise")
        classes[card_class] = cursor.text("name of the class")
    return classes


def _scope(cursor: Cursor, pools: _Pools) -> Scope:
    return Scope(
        cursor.one_or_none(pools.class_sets, "rule, class set"),
        cursor.one_or_none(pools.line_sets, "rule, line set"),
        cursor.one_or_none(pools.conditions, "rule, condition"),
    )


def _pays(cursor: Cursor) -> Pays:
    numerator, denominator = cursor.number(4, "numerator"), cursor.number(4, "denominator", least=1)
    if numerator > denominator:
        cursor.refuse("denominator", "must not be below the numerator")
    return Pays(numerator, denominator)


def _reduction(cursor: Cursor) -> Reduction:
    kind = cursor.number(1, "rule, kind of reduction", most=3, least=1)
    if kind == 1:
        return _pays(cursor)
    fen = cursor.number(4, "rule, amount")
    cursor.zeros(4, "rule, reserve")
    return Less(fen) if kind == 2 else Costs(fen)  # noqa: PLR2004 # the number in the layout


def _transfer(cursor: Cursor, pools: _Pools) -> Transfer:
    has = cursor.flags(1, "transfer, flags", known=0x3F)
    minutes = cursor.number(2, "transfer, minutes", most=MAX_WINDOW_MINUTES, least=1)
    earlier = cursor.one_or_none(pools.line_sets, "transfer, lines before")
    later = _scope(cursor, pools)
    reduction = _reduction(cursor)
    windows = [
        (
            cursor.one_of(pools.conditions, "transfer, condition of a window"),
            cursor.number(2, "transfer, minutes at times", most=MAX_WINDOW_MINUTES, least=1) * MINUTE_S,
        )
        for _ in range(cursor.number(2, "transfer, number of windows at times"))
    ]
    return Transfer(
        earlier=earlier,
        later=later,
        window_s=minutes * MINUTE_S,
        windows_when=tuple(windows),
        last_second_counts=bool(has & 0x01),
        counts_from_first=bool(has & 0x02),
        same_line=bool(has & 0x04),
        once=bool(has & 0x08),
        reduce_first=bool(has & 0x10),
        by_server=bool(has & 0x20),
        reduction=reduction,
    )


def _companions(cursor: Cursor, pools: _Pools) -> Companions:
    classes = cursor.one_of(pools.class_sets, "companions, class set")
    return Companions(classes, cursor.number(1, "companions, most", most=MAX_COMPANIONS, least=1), _pays(cursor))


def _lots(cursor: Cursor, count: int, pools: _Pools) -> dict[str, Lot]:
    lots: dict[str, Lot] = {}
    for _ in range(count):
        name = cursor.text("name of the lot")
        if lots and name <= max(lots):
            cursor.refuse("name of the lot", "must rise")
        lots[name] = read_lot(cursor, pools.conditions)
    return lots


def _mark(cursor: Cursor, pools: _Pools) -> Mark:
    kind = MarkKind(cursor.number(1, "mark, kind", most=max(MarkKind), least=1))
    return Mark(kind, cursor.text("mark, name"), _scope(cursor, pools))
