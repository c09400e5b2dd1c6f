"""What a stay in a lot costs, from the device table: whole minutes, cut into periods, each charge for the minutes that it covers.

For cars without permit or discount; what those take off, only the server knows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from math import lcm
from typing import Final

from hardware.terminal.errors import StayNotPriced
from hardware.terminal.fares_rules import DAY_S, MINUTE_S, Condition, Head, Rounding

MAX_STAY: Final = timedelta(days=31)
"""A device prices no longer one."""
_SECOND: Final = timedelta(seconds=1)
_Span = tuple[int, int]


class Period(IntEnum):
    """How a stay is cut."""

    STAY = 0
    DAY_FROM_ENTRY = 1
    CALENDAR_DAY = 2


class Part(IntEnum):
    """What a part of a step costs."""

    COUNTS = 0
    FREE = 1
    BY_MINUTE = 2


@dataclass(frozen=True, slots=True)
class Step:
    """A price for each so many charged minutes, up to a minute (None: without end)."""

    up_to_minutes: int | None
    each_minutes: int
    fen: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What certain vehicles pay at certain times; one of `steps`, `visit_fen` and `period_fen`.

    Args:
        when: None: always. vehicles: numbers of the lot's vehicles; None: all.
        long_stay: in a period with more charged minutes than the first number, the second (fen) is the price.
        most_fen: of the charge in one period; None: no limit.
    """

    when: Condition | None
    vehicles: frozenset[int] | None
    steps: tuple[Step, ...]
    part: Part
    visit_fen: int | None
    period_fen: int | None
    long_stay: tuple[int, int] | None
    most_fen: int | None


@dataclass(frozen=True, slots=True)
class Lot:
    """What a lot charges.

    Args:
        charges: None: only the server can price it.
        vehicles: names of the classes of vehicles that it tells apart; a car of no name is one of the first.
        free_minutes: that cost nothing; `charged_after`: for longer stays too; `free_again`: in each period.
        period: how a stay is cut; `steps_continue`: whether the steps go on in the next period where they stood.
        free_period_every: 7: the seventh period costs nothing; 0: none.
        most_fen: of one period; None: no limit.
        rounding: of the total.
        may_fall: whether the lot has discounts or permits.
    """

    charges: tuple[Charge, ...] | None
    vehicles: tuple[str, ...]
    free_minutes: int
    charged_after: bool
    free_again: bool
    period: Period
    steps_continue: bool
    free_period_every: int
    most_fen: int | None
    rounding: Rounding
    may_fall: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay, or one that would end then (aware, whole seconds). `vehicle`: a class that the lot tells apart; None: its first."""

    lot: str
    entered_at: datetime
    left_at: datetime
    vehicle: str | None = None


@dataclass(frozen=True, slots=True)
class StayPrice:
    """What a stay costs: fen, whether a discount or permit could make it less, and one sentence."""

    price_fen: int
    may_fall: bool
    explanation: str


def price_stay(lots: Mapping[str, Lot], head: Head, stay: Stay) -> StayPrice:
    """Price a stay.

    Raises:
        StayNotPriced: the table has no such lot or vehicle, only the server can price it, or the stay is none, or longer than 31 days.
    """
    lot = lots.get(stay.lot)
    if lot is None:
        raise StayNotPriced(stay.lot, "is not in the device table")
    if lot.charges is None:
        raise StayNotPriced(stay.lot, "only the server can price it")
    if not timedelta(0) <= stay.left_at - stay.entered_at <= MAX_STAY:
        raise StayNotPriced(stay.lot, f"a stay of {stay.left_at - stay.entered_at} is not priced here")
    if stay.vehicle is not None and lot.vehicles and stay.vehicle not in lot.vehicles:
        raise StayNotPriced(stay.lot, f"no price for the vehicle {stay.vehicle}")
    vehicle = lot.vehicles.index(stay.vehicle) if lot.vehicles and stay.vehicle is not None else 0
    charges = tuple(each for each in lot.charges if each.vehicles is None or vehicle in each.vehicles)
    began = stay.entered_at.astimezone(head.zone)
    began_s = began.toordinal() * DAY_S + began.hour * 3600 + began.minute * 60 + began.second
    ended_s = began_s + (stay.left_at - stay.entered_at) // _SECOND
    bill = _Bill(lot, charges)
    fen = bill.total(began_s, ended_s)
    minutes = (ended_s - began_s) // MINUTE_S
    rest = ", less with a discount or permit" if lot.may_fall and fen else ""
    return StayPrice(fen, lot.may_fall and fen > 0, f"{stay.lot}, {minutes} min: {head.money(fen)}{rest}")


class _Bill:
    """The bill of one stay, in 1/`unit` fen, so that shares of steps stay whole numbers."""

    def __init__(self, lot: Lot, charges: tuple[Charge, ...]) -> None:
        self._lot, self._charges = lot, charges
        self._unit = lcm(*(step.each_minutes for one in charges if one.part is Part.BY_MINUTE for step in one.steps))
        self._before = [0] * len(charges)
        self._visited = [False] * len(charges)

    def total(self, began_s: int, ended_s: int) -> int:
        """The price in fen."""
        lot = self._lot
        if not lot.free_again and (ended_s - began_s) // MINUTE_S <= lot.free_minutes:
            return 0
        total = 0
        for number, (from_s, until_s) in enumerate(_periods(lot.period, began_s, ended_s), start=1):
            if lot.free_period_every and number % lot.free_period_every == 0:
                continue
            minutes = self._covered(self._charged_from(began_s, from_s, until_s), until_s)
            total += self._price(minutes)
            self._before = [before + more for before, more in zip(self._before, minutes, strict=True)]
        return lot.rounding.settle(total, self._unit)

    def _charged_from(self, began_s: int, from_s: int, until_s: int) -> int:
        """From which second on a period is charged; its end when all of it is free."""
        free_s = self._lot.free_minutes * MINUTE_S
        if self._lot.free_again and (until_s - from_s) // MINUTE_S <= self._lot.free_minutes:
            return until_s
        if not self._lot.charged_after:
            return from_s
        return from_s + free_s if self._lot.free_again else min(until_s, max(from_s, began_s + free_s))

    def _price(self, minutes: list[int]) -> int:
        """Of one period, by the minutes that each charge covers in it."""
        total = 0
        for index, charge in enumerate(self._charges):
            if not minutes[index]:
                continue
            fen = self._charge(index, charge, minutes[index])
            total += fen if charge.most_fen is None else min(fen, charge.most_fen * self._unit)
        return total if self._lot.most_fen is None else min(total, self._lot.most_fen * self._unit)

    def _charge(self, index: int, charge: Charge, minutes: int) -> int:
        if charge.visit_fen is not None:
            if self._visited[index]:
                return 0
            self._visited[index] = True
            return charge.visit_fen * self._unit
        if charge.period_fen is not None:
            return charge.period_fen * self._unit
        if charge.long_stay is not None and minutes > charge.long_stay[0]:
            return charge.long_stay[1] * self._unit
        before = self._before[index] if self._lot.steps_continue else 0
        return self._along(charge, before + minutes) - self._along(charge, before)

    def _along(self, charge: Charge, minutes: int) -> int:
        """The steps from the first minute on."""
        total, reached = 0, 0
        for step in charge.steps:
            end = minutes if step.up_to_minutes is None else min(minutes, step.up_to_minutes)
            if end <= reached:
                break
            part = end - reached
            if charge.part is Part.BY_MINUTE:
                total += part * step.fen * self._unit // step.each_minutes
            else:
                begun = -(-part // step.each_minutes) if charge.part is Part.COUNTS else part // step.each_minutes
                total += begun * step.fen * self._unit
            reached = end
        return total

    def _covered(self, from_s: int, until_s: int) -> list[int]:
        """Whole minutes of each charge; where several hold, the first has the time."""
        seconds = [0] * len(self._charges)
        for ordinal in range(from_s // DAY_S, -(-until_s // DAY_S)):
            midnight_s = ordinal * DAY_S
            open_spans = [(max(0, from_s - midnight_s), min(DAY_S, until_s - midnight_s))]
            for index, charge in enumerate(self._charges):
                taken, open_spans = _take(open_spans, _spans(charge.when, date.fromordinal(ordinal)))
                seconds[index] += taken
        return [each // MINUTE_S for each in seconds]


def _periods(kind: Period, began_s: int, ended_s: int) -> Iterator[_Span]:
    """At least one, at most as many as the stay has days and one."""
    from_s, until_s = began_s, ended_s
    while True:
        if kind is Period.DAY_FROM_ENTRY:
            until_s = min(ended_s, from_s + DAY_S)
        elif kind is Period.CALENDAR_DAY:
            until_s = min(ended_s, (from_s // DAY_S + 1) * DAY_S)
        yield from_s, until_s
        if until_s >= ended_s:
            return
        from_s = until_s


def _spans(when: Condition | None, day: date) -> list[_Span]:
    """The seconds of a day at which a condition holds."""
    if when is None:
        return [(0, DAY_S)]
    if not when.holds_on(day):
        return []
    begins, ends = when.hours or (0, DAY_S)
    return [(begins, ends)] if begins < ends else [(0, ends), (begins, DAY_S)]


def _take(open_spans: list[_Span], wanted: list[_Span]) -> tuple[int, list[_Span]]:
    """Seconds that are wanted and still open, and what stays open."""
    taken = 0
    for begins, ends in wanted:
        left: list[_Span] = []
        for from_s, until_s in open_spans:
            first, last = max(from_s, begins), min(until_s, ends)
            if first >= last:
                left.append((from_s, until_s))
                continue
            taken += last - first
            left += [span for span in ((from_s, first), (last, until_s)) if span[0] < span[1]]
        open_spans = left
    return taken, open_spans
