"""The rules of a device table as values, read by `fares_layout`, reckoned with by `fares`. Money is in minor units (fen)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import IntEnum
from typing import Final

DAY_S: Final = 24 * 3600
MINUTE_S: Final = 60


class How(IntEnum):
    """How a part of a rounding step is settled."""

    HALF_UP = 0
    UP = 1
    DOWN = 2
    HALF_EVEN = 3


class MarkKind(IntEnum):
    """What only the server can reckon, because it needs the history of the card."""

    PASS = 1
    BANDS = 2
    RIDE_COUNT = 3
    LIFETIME = 4
    CAP = 5
    TRANSFER = 6


@dataclass(frozen=True, slots=True)
class Condition:
    """At which times of the table's wall clock a rule holds; what is None does not matter.

    Args:
        hours: seconds of the day, from (included) and until (not included); until below from goes over midnight.
        days: 0 for Monday to 6.
        season: month and day of the first and the last day, both included; it may go over the turn of the year.
        dates: only on these. except_dates: never on these.
    """

    hours: tuple[int, int] | None
    days: frozenset[int] | None
    season: tuple[tuple[int, int], tuple[int, int]] | None
    dates: frozenset[date] | None
    except_dates: frozenset[date]

    def holds(self, wall: datetime) -> bool:
        """Whether the rule holds at an instant of the wall clock."""
        if self.hours is not None:
            second = wall.hour * 3600 + wall.minute * 60 + wall.second
            begins, ends = self.hours
            if not (begins <= second < ends if begins < ends else second >= begins or second < ends):
                return False
        return self.holds_on(wall.date())

    def holds_on(self, day: date) -> bool:
        """Whether a day fits, whatever the hour."""
        if self.days is not None and day.weekday() not in self.days:
            return False
        if self.season is not None:
            first, last = self.season
            today = (day.month, day.day)
            if not (first <= today <= last if first <= last else today >= first or today <= last):
                return False
        return (self.dates is None or day in self.dates) and day not in self.except_dates


@dataclass(frozen=True, slots=True)
class LineSet:
    """Some lines, as ranges (first, last), rising."""

    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, line: int) -> bool:
        return any(first <= line <= last for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rides a rule is for; what is None does not matter."""

    classes: frozenset[int] | None
    lines: LineSet | None
    when: Condition | None

    def fits(self, line: int, card_class: int, wall: datetime) -> bool:
        """Whether a ride of this line and class at this time of the wall clock is meant."""
        return (
            (self.classes is None or card_class in self.classes)
            and (self.lines is None or line in self.lines)
            and (self.when is None or self.when.holds(wall))
        )


@dataclass(frozen=True, slots=True)
class Rounding:
    """How fractions are settled: to a multiple of `to_fen`."""

    to_fen: int
    how: How

    def settle(self, numerator: int, denominator: int) -> int:
        """The multiple of the step that an amount of numerator ⁄ denominator fen, 0 or more, is settled as."""
        step = denominator * self.to_fen
        whole, rest = divmod(numerator, step)
        if rest and self._goes_up(whole, 2 * rest - step):
            whole += 1
        return whole * self.to_fen

    def _goes_up(self, whole: int, beyond_half: int) -> bool:
        if self.how is How.HALF_EVEN:
            return beyond_half > 0 or (beyond_half == 0 and whole % 2 == 1)
        return self.how is How.UP or (self.how is How.HALF_UP and beyond_half >= 0)


@dataclass(frozen=True, slots=True)
class Pays:
    """A share of the amount: numerator ⁄ denominator, at most 1."""

    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Less:
    """So much less, never below nothing."""

    fen: int


@dataclass(frozen=True, slots=True)
class Costs:
    """This price, unless it is cheaper anyway."""

    fen: int


Reduction = Pays | Less | Costs


@dataclass(frozen=True, slots=True)
class Steps:
    """A price that grows with a measure (millimetres or seconds).

    Args:
        first_up_to, first_fen: measure, and its price.
        bands: (up to, None for the last; size of a step; fen for each begun step), rising.
    """

    first_up_to: int
    first_fen: int
    bands: tuple[tuple[int | None, int, int], ...]


@dataclass(frozen=True, slots=True)
class Flat:
    """One price for every ride."""

    fen: int


@dataclass(frozen=True, slots=True)
class Sections:
    """A price by the number of sections that are touched, the last for more."""

    section_of: Mapping[int, int]
    fen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A price by (from stop, to stop)."""

    fen: Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class ByDistance:
    """A price by millimetres."""

    steps: Steps


@dataclass(frozen=True, slots=True)
class ByTime:
    """A price by seconds between entry and exit."""

    steps: Steps


@dataclass(frozen=True, slots=True)
class FareRule:
    """The full fare of a ride.

    Args:
        by: how it comes about.
        top_fen: price of a ride without exit or of one that took too long; None: there is none.
        overtime_s: longer than this is too long; None: no limit.
    """

    by: Flat | Sections | Between | ByDistance | ByTime
    top_fen: int | None
    overtime_s: int | None


@dataclass(frozen=True, slots=True)
class LineRule:
    """A line.

    Args:
        fare: its fare; `fares_when`: others at certain times, the first that holds.
        no_concession, no_transfer: whether it takes part.
        starts_at_exit, ends_at_exit: which taps transfer windows count from and to.
    """

    fare: FareRule
    fares_when: tuple[tuple[Condition, FareRule], ...]
    no_concession: bool
    no_transfer: bool
    starts_at_exit: bool
    ends_at_exit: bool


@dataclass(frozen=True, slots=True)
class Concession:
    """What a ride costs less for some."""

    scope: Scope
    reduction: Reduction


@dataclass(frozen=True, slots=True)
class Transfer:
    """When a following ride is cheaper.

    Args:
        earlier: lines of the ride that the window counts from; None: every line of the table.
        later: the ride that is cheaper; its time is its clock point.
        window_s: length; `windows_when`: others by the time of the earlier ride, the first that holds.
        last_second_counts: whether exactly the length is still inside.
        counts_from_first: the window counts from the ride that began the chain.
        same_line: also on the line of the earlier ride.
        once: the ride after a transfer begins anew.
        reduce_first: the base fare is reduced, then the concession taken.
        by_server: it needs the history of the card, and is not applied here.
    """

    earlier: LineSet | None
    later: Scope
    window_s: int
    windows_when: tuple[tuple[Condition, int], ...]
    last_second_counts: bool
    counts_from_first: bool
    same_line: bool
    once: bool
    reduce_first: bool
    by_server: bool
    reduction: Reduction


@dataclass(frozen=True, slots=True)
class Companions:
    """Who may tap for others, for how many, and what share of the full fare each of them pays."""

    classes: frozenset[int]
    most: int
    pays: Pays


@dataclass(frozen=True, slots=True)
class Mark:
    """A rule that can make a ride cheaper at the close of the day."""

    kind: MarkKind
    name: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Head:
    """What the table says about itself.

    Args:
        version: tariff version, 1 to 2**32 - 1; goes into every record.
        effective_from: from this instant on.
        zone: its wall clock.
        currency: ISO 4217 code.
        digits: decimals of the minor unit.
        rounding: of every share of a ride's price.
    """

    version: int
    effective_from: datetime
    zone: timezone
    currency: str
    digits: int
    rounding: Rounding

    def money(self, fen: int) -> str:
        """An amount for people: ¥1.80; other currencies with their code."""
        unit = 10**self.digits
        text = f"{fen // unit}.{fen % unit:0{self.digits}d}" if self.digits else str(fen)
        return f"¥{text}" if self.currency == "CNY" else f"{self.currency} {text}"


def offset_of(minutes: int) -> timezone:
    """The wall clock that is so many minutes ahead of UTC."""
    return timezone(timedelta(minutes=minutes))
