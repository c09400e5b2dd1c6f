"""What a price of a ride is asked for, and what is answered."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final, NamedTuple

from citizencard.tariffs.errors import EventInvalid
from citizencard.tariffs.quotes import Quote

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999
"""Times outside of these years are mistakes; within them every day has a day before and after."""


class Anchor(NamedTuple):
    """The ride that a transfer window counts from, as the card carries it.

    Args:
        line: its line number.
        at: its clock point: its entry, or its exit where its mode says so; aware.
    """

    line: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride whose price is asked for.

    Args:
        line: line number.
        card_class: class byte.
        at: entry, or the only tap; aware.
        anchor: what the card carried into the ride; None: nothing.
        exit_at: exit; None: no exit, or none that is known.
        km: length of the ride.
        from_stop, to_stop: stop numbers.
        persons: how many ride on the card, its holder included.
        claimed_base: full fare in minor units as the record says it, for records without stops and km.
    """

    line: int
    card_class: int
    at: datetime
    anchor: Anchor | None = None
    exit_at: datetime | None = None
    km: Fraction | None = None
    from_stop: int | None = None
    to_stop: int | None = None
    persons: int = 1
    claimed_base: int | None = None


class Priced(NamedTuple):
    """A price from the record alone.

    Args:
        quote: price and explanation.
        base: full fare for one person, in minor units.
        transferred: the ride is the later leg of a transfer.
        next_anchor: what the card carries from now on; None: nothing.
    """

    quote: Quote
    base: int
    transferred: bool
    next_anchor: Anchor | None


def check_time(at: datetime, field: str) -> None:
    """Refuse a time that cannot be.

    Raises:
        EventInvalid: it has no offset from UTC, or lies in a year in which nobody rides.
    """
    if at.tzinfo is None:
        raise EventInvalid("a time must have an offset from UTC", field=field, reason="no offset")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise EventInvalid(
            f"a time must lie in the years {FIRST_YEAR} to {LAST_YEAR}", field=field, reason="not in these years"
        )
