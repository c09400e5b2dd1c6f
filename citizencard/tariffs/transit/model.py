"""What rides cost, as read from the part `transit` of a document without mistakes (README.md of the tariffs)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from citizencard.tariffs.amounts import Rounding
from citizencard.tariffs.when import When


@dataclass(frozen=True, slots=True)
class Steps:
    """A price that grows with a measure (km or minutes): `first` up to `first_up_to`, then by begun steps.

    Args:
        first_up_to, first: measure, and price in minor units.
        then: (up to, None for the last; size of a step; minor units for each begun step), rising.
    """

    first_up_to: Fraction
    first: int
    then: tuple[tuple[Fraction | None, Fraction, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Fare:
    """The full fare of a ride; exactly one of flat, section_of, between, distance and time is given.

    Args:
        place: of the fare in the document.
        flat: minor units.
        section_of, section_prices: section by stop number; price by the number of sections that are touched, the last for more.
        between: price by (from, to).
        distance: by km.
        time: by minutes between entry and exit.
        top: price of a ride without exit, or longer than `overtime_minutes`.
        overtime_minutes: None: no limit.
        possible: the fares that rides can have, once somebody has asked; no part of the value.
    """

    place: str
    flat: int | None = None
    section_of: Mapping[int, int] | None = None
    section_prices: tuple[int, ...] = ()
    between: Mapping[tuple[int, int], int] | None = None
    distance: Steps | None = None
    time: Steps | None = None
    top: int | None = None
    overtime_minutes: int | None = None
    possible: list[frozenset[int]] = field(default_factory=list, init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A line, with the place of its rule in the document."""

    place: str
    mode: str
    fare: Fare
    operator: str | None = None
    fares_when: tuple[tuple[When, Fare], ...] = ()
    no_concession: bool = False
    no_transfer: bool = False


@dataclass(frozen=True, slots=True)
class Mode:
    """Which taps of a mode a transfer window counts from and to: True for the exit."""

    starts_at_exit: bool = False
    ends_at_exit: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rides a rule is for; what is None does not matter."""

    classes: frozenset[int] | None = None
    modes: frozenset[str] | None = None
    operators: frozenset[str] | None = None
    lines: frozenset[int] | None = None
    when: When | None = None


@dataclass(frozen=True, slots=True)
class Reduction:
    """How a rule changes an amount; exactly one is given. `pays`: share; `less`, `costs`: minor units."""

    pays: Fraction | None = None
    less: int | None = None
    costs: int | None = None


@dataclass(frozen=True, slots=True)
class Concession:
    """What a ride costs less for some; the first of the list that fits is used."""

    place: str
    name: str
    scope: Scope
    reduction: Reduction
    sponsor: str | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """When a following ride is cheaper.

    Args:
        earlier, later: which legs, the earlier one being the ride that the window counts from; `later` also has the classes and the time
            (`when`, of the later ride's clock point).
        minutes: length of the window; `minutes_when`: others by the time of the earlier ride's clock point.
        last_second_counts: whether exactly the length is still inside.
        counts_from_first: the window counts from the ride that began the chain, not from the ride before.
        same_line: a ride on the line of the ride that the window counts from is a transfer too.
        most_in_a_row: transfers in one chain; after them a ride begins a new chain. None: without end.
        most_a_day: transfers of a card on one operating day under this rule. None: without end.
        reduce_first: the base fare is reduced, then the concession taken; else the other way round.
    """

    place: str
    name: str
    earlier: Scope
    later: Scope
    minutes: int
    minutes_when: tuple[tuple[When, int], ...]
    last_second_counts: bool
    counts_from_first: bool
    same_line: bool
    most_in_a_row: int | None
    most_a_day: int | None
    reduction: Reduction
    reduce_first: bool
    sponsor: str | None = None


@dataclass(frozen=True, slots=True)
class Companions:
    """Who may tap for others, for how many, and what share of the full fare each of them pays."""

    place: str
    classes: frozenset[int]
    most: int
    pays: Fraction


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass for a period: what it costs, for how many rides (None: all), and what share of the full fare a ride still pays."""

    place: str
    name: str
    scope: Scope
    period: str
    price: int
    rides: int | None
    pays: Fraction
    sponsor: str | None = None


@dataclass(frozen=True, slots=True)
class Bands:
    """A share of the full fare by the amount of the period so far.

    Args:
        of_full: full fares are added up, not paid ones.
        steps: (above, share): the last step whose `above` is exceeded counts; above 0 begins with the first ride.
    """

    place: str
    name: str
    scope: Scope
    period: str
    of_full: bool
    steps: tuple[tuple[int, Fraction], ...]
    sponsor: str | None = None


@dataclass(frozen=True, slots=True)
class RideCount:
    """What share of its price a ride pays after so many rides in the period."""

    place: str
    name: str
    scope: Scope
    period: str
    after: int
    pays: Fraction
    sponsor: str | None = None


@dataclass(frozen=True, slots=True)
class Lifetime:
    """What share of its price a ride pays after so many calendar years with at least so many rides each."""

    place: str
    name: str
    scope: Scope
    rides_a_year: int
    years: int
    pays: Fraction
    sponsor: str | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that the rides of a period cost together, in minor units."""

    place: str
    name: str
    scope: Scope
    period: str
    most: int
    sponsor: str | None = None


@dataclass(frozen=True, slots=True)
class Transit:
    """All about rides.

    Args:
        day_starts_s: seconds after midnight at which an operating day begins; weeks, months and years begin with one too.
        week_starts: 0 for Monday to 6.
        rounding: of every step that makes fractions.
        classes: name by class byte.
        modes, lines: by name, by number.
        the rest: rules in the order of the document.
        plans: what plans.py has already looked up for a line and a class; no part of the value.
    """

    day_starts_s: int
    week_starts: int
    rounding: Rounding
    classes: Mapping[int, str]
    modes: Mapping[str, Mode]
    lines: Mapping[int, Line]
    concessions: tuple[Concession, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    companions: Companions | None = None
    passes: Mapping[str, Pass] = field(default_factory=dict)
    bands: tuple[Bands, ...] = ()
    ride_counts: tuple[RideCount, ...] = ()
    lifetime: tuple[Lifetime, ...] = ()
    caps: tuple[Cap, ...] = ()
    plans: dict[int, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
