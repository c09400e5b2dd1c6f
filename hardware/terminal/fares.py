"""The fare of one ride, from the device table and the ride alone (README.md, "Device table").

This module shares no code with the server and trusts nothing in the table that it does not understand. All arithmetic is in integers:
minor units of the currency (fen), seconds, millimetres. What it asks is what the server asks from the same record; rules that need the
history of a card can only make the ride cheaper, at the close of the day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from hardware.terminal.errors import DeviceTableNotInForce, RideNotPriced, UnknownCardClass, UnknownLine
from hardware.terminal.fares_base import Journey, base_fare
from hardware.terminal.fares_layout import Rules, read_rules
from hardware.terminal.fares_parking import Stay, StayPrice, price_stay
from hardware.terminal.fares_rules import Head, Less, LineRule, Mark, MarkKind, Pays, Reduction, Transfer


@dataclass(frozen=True, slots=True)
class Anchor:
    """The ride that a transfer window counts from, as the card carries it.

    Args:
        line: line of that ride, 1 to 65,535.
        at: its clock point (aware), to the second.
    """

    line: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ride:
    """What a price is asked for.

    Args:
        line: line of this validator.
        card_class: class byte of the card (EF17).
        at: time of the tap, or of the entry (aware, whole seconds).
        anchor: what the newest trip record of the card carries; None: nothing.
        exit_at: time of the exit; None when there is none.
        distance_mm: length of the ride, for fares by distance.
        from_stop, to_stop: stop numbers, for fares by section or by pair of stops.
        persons: how many ride on this card, 1 or more.
    """

    line: int
    card_class: int
    at: datetime
    anchor: Anchor | None = None
    exit_at: datetime | None = None
    distance_mm: int | None = None
    from_stop: int | None = None
    to_stop: int | None = None
    persons: int = 1


@dataclass(frozen=True, slots=True)
class Fare:
    """What a ride costs.

    Args:
        base_fen: full fare of the line, for one person.
        price_fen: what the passenger pays, with companions.
        transferred: the ride is a transfer.
        next_anchor: what the card carries after this ride; None: nothing, the next ride begins anew.
        may_fall: names of the rules that can make this ride cheaper at the close of the day; empty: the price is final.
        explanation: one sentence for the display and the log.
    """

    base_fen: int
    price_fen: int
    transferred: bool
    next_anchor: Anchor | None
    may_fall: tuple[str, ...]
    explanation: str


@dataclass(frozen=True, slots=True)
class DeviceTable:
    """One tariff version as the terminal holds it.

    Args:
        rules: everything that it says.
    """

    rules: Rules

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a table; whatever the bytes are, the answer is a table or the refusal.

        Raises:
            DeviceTableInvalid: another layout, a wrong digest, or a value that this terminal does not understand; names offset and field.
        """
        return cls(read_rules(raw))

    @property
    def head(self) -> Head:
        """What the table says about itself."""
        return self.rules.head

    @property
    def version(self) -> int:
        """Tariff version, 1 to 2**32 - 1; goes into every record."""
        return self.rules.head.version

    @property
    def effective_from(self) -> datetime:
        """From this instant on."""
        return self.rules.head.effective_from


def price(table: DeviceTable, ride: Ride) -> Fare:
    """Price a ride.

    Raises, in this order:
        DeviceTableNotInForce: the table is for a later time.
        UnknownLine: the table has no such line.
        UnknownCardClass: the table has no such class.
        RideNotPriced: the ride lacks what its fare needs, or so many may not ride on this card.
    """
    rules = table.rules
    if ride.at < table.effective_from:
        raise DeviceTableNotInForce(table.version)
    line = rules.lines.get(ride.line)
    if line is None:
        raise UnknownLine(ride.line)
    if ride.card_class not in rules.classes:
        raise UnknownCardClass(ride.card_class)
    if ride.persons < 1:
        raise RideNotPriced(ride.line, "nobody rides")
    head, wall = table.head, ride.at.astimezone(table.head.zone)
    base = base_fare(line, wall, _journey(ride))
    transfer = _transfer(table, ride, line)
    own, words = base, [f"line {ride.line} {head.money(base)}"]
    for reason, reduction in _in_order(_concession(rules, ride, line, wall), transfer, rules.classes[ride.card_class]):
        own = _reduced(head, own, reduction)
        words.append(f"{reason} {_named(head, reduction)}")
    others = _companions(table, ride, base)
    if others:
        words.append(f"{ride.persons - 1} more {head.money(others)}")
    may_fall = tuple(mark.name for mark in rules.marks if _can_fall(mark, ride, line, table))
    text = f"{', '.join(words)}: {head.money(own + others)}" + (", final at the close of the day" if may_fall else "")
    return Fare(base, own + others, transfer is not None, _next_anchor(ride, line, transfer), may_fall, text)


def quote(table: DeviceTable, stay: Stay) -> StayPrice:
    """Price a stay in a lot, for a car without permit or discount.

    Raises, in this order:
        DeviceTableNotInForce: the table is for a later time.
        StayNotPriced: the table has no such lot or vehicle, only the server can price it, or the stay is too long.
    """
    if stay.entered_at < table.effective_from:
        raise DeviceTableNotInForce(table.version)
    return price_stay(table.rules.lots, table.head, stay)


def _journey(ride: Ride) -> Journey:
    stops = None if ride.from_stop is None or ride.to_stop is None else (ride.from_stop, ride.to_stop)
    return Journey(ride.line, None if ride.exit_at is None else ride.exit_at - ride.at, ride.distance_mm, stops)


def _concession(rules: Rules, ride: Ride, line: LineRule, wall: datetime) -> Reduction | None:
    """The first that fits, at the time of the entry."""
    if line.no_concession:
        return None
    fitting = (rule.reduction for rule in rules.concessions if rule.scope.fits(ride.line, ride.card_class, wall))
    return next(fitting, None)


def _transfer(table: DeviceTable, ride: Ride, line: LineRule) -> Transfer | None:
    """The first transfer rule that fits and that the ride alone decides."""
    earlier = None if ride.anchor is None else table.rules.lines.get(ride.anchor.line)
    if ride.anchor is None or earlier is None or earlier.no_transfer or line.no_transfer:
        return None
    point = _clock_point(ride, at_exit=line.ends_at_exit)
    for rule in table.rules.transfers:
        if not rule.by_server and _is_transfer(table.head, rule, ride, ride.anchor, point):
            return rule
    return None


def _is_transfer(head: Head, rule: Transfer, ride: Ride, anchor: Anchor, point: datetime) -> bool:
    if ride.line == anchor.line and not rule.same_line:
        return False
    if rule.earlier is not None and anchor.line not in rule.earlier:
        return False
    if not rule.later.fits(ride.line, ride.card_class, point.astimezone(head.zone)):
        return False
    began = anchor.at.astimezone(head.zone)
    seconds = next((other for when, other in rule.windows_when if when.holds(began)), rule.window_s)
    age, window = point - anchor.at, timedelta(seconds=seconds)
    return timedelta(0) <= age and (age < window or (rule.last_second_counts and age == window))


def _clock_point(ride: Ride, *, at_exit: bool) -> datetime:
    return ride.exit_at if at_exit and ride.exit_at is not None else ride.at


def _next_anchor(ride: Ride, line: LineRule, transfer: Transfer | None) -> Anchor | None:
    if transfer is not None and transfer.once:
        return None
    if transfer is not None and transfer.counts_from_first:
        return ride.anchor
    return Anchor(ride.line, _clock_point(ride, at_exit=line.starts_at_exit))


def _in_order(concession: Reduction | None, transfer: Transfer | None, class_name: str) -> list[tuple[str, Reduction]]:
    """What is taken off, with its reason, in the order that the transfer rule says."""
    off: list[tuple[str, Reduction]] = []
    if concession is not None:
        off.append((class_name, concession))
    if transfer is not None:
        off.insert(0 if transfer.reduce_first else len(off), ("transfer", transfer.reduction))
    return off


def _reduced(head: Head, fen: int, reduction: Reduction) -> int:
    if isinstance(reduction, Pays):
        return min(fen, head.rounding.settle(fen * reduction.numerator, reduction.denominator))
    return max(0, fen - reduction.fen) if isinstance(reduction, Less) else min(fen, reduction.fen)


def _named(head: Head, reduction: Reduction) -> str:
    if isinstance(reduction, Pays):
        return f"pays {reduction.numerator}/{reduction.denominator}"
    return f"{'less' if isinstance(reduction, Less) else 'at most'} {head.money(reduction.fen)}"


def _companions(table: DeviceTable, ride: Ride, base: int) -> int:
    """What those beyond the holder of the card pay together, in fen."""
    more, rule = ride.persons - 1, table.rules.companions
    if not more:
        return 0
    if rule is None or ride.card_class not in rule.classes or more > rule.most:
        raise RideNotPriced(ride.line, f"{more} more may not ride on this card")
    return more * _reduced(table.head, base, rule.pays)


def _can_fall(mark: Mark, ride: Ride, line: LineRule, table: DeviceTable) -> bool:
    """Whether a rule that needs the history of the card can concern this ride."""
    is_transfer = mark.kind is MarkKind.TRANSFER
    if is_transfer and line.no_transfer:
        return False
    point = _clock_point(ride, at_exit=is_transfer and line.ends_at_exit)
    return mark.scope.fits(ride.line, ride.card_class, point.astimezone(table.head.zone))
