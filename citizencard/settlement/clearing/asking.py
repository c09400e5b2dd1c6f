"""The pieces that clearing's statements are made of: a portion as one JSON parameter, and instants as seconds, on both databases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from citizencard.db import is_postgresql
from citizencard.purse.uploads.rows import as_json

BELIEVED: Final = "r.identity IS NOT NULL AND coalesce(r.reason, '') <> 'date_out_of_range'"
"""A good TAC, and a time that can be: the others are found by their identity alone."""
TAP_ORDER: Final = "r.tapped_at, r.terminal_number, r.terminal_sequence, r.identity"
"""The order of taps, whatever came in first: time, terminal, sequence; and where even these are equal, the tap's own name."""
_BEIJING_AHEAD_S: Final = 28_800
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Subject:
    """A card or a terminal number with new taps.

    Args:
        name: application serial or terminal number, hexadecimal.
        low, high: bounds of the counters or sequences of the new taps.
        first_at, last_at: bounds of their times.
    """

    name: str
    low: int | None
    high: int | None
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Portion:
    """What is cleared in one transaction.

    Args:
        subjects: cards, or terminal numbers, in order.
    """

    subjects: tuple[Subject, ...]

    @property
    def names(self) -> list[str]:
        """Serials or numbers."""
        return [one.name for one in self.subjects]

    def asked(self, reach: timedelta = timedelta(0)) -> str:
        """The value of the parameter of `asked_from`; `reach` widens the times on both sides."""
        return as_json(
            [
                (one.name, one.low, one.high, one.first_at - reach, one.last_at + reach)
                for one in self.subjects
                if one.low is not None and one.first_at is not None and one.last_at is not None
            ]
        )


def asked_from(session: Session) -> str:
    """SQL for the portion as a table `q(subject, low, high, from_at, to_at)`, unfolded from the parameter `asked`."""
    if is_postgresql(session):
        return (
            "(SELECT value ->> 0 AS subject, CAST(value ->> 1 AS bigint) AS low, CAST(value ->> 2 AS bigint) AS high,"
            " CAST(value ->> 3 AS timestamptz) AS from_at, CAST(value ->> 4 AS timestamptz) AS to_at"
            " FROM jsonb_array_elements(CAST(:asked AS jsonb))) q"
        )
    return (
        "(SELECT json_extract(value, '$[0]') AS subject, json_extract(value, '$[1]') AS low,"
        " json_extract(value, '$[2]') AS high, json_extract(value, '$[3]') AS from_at,"
        " json_extract(value, '$[4]') AS to_at FROM json_each(:asked)) q"
    )


def seconds(session: Session, instant: str) -> str:
    """SQL for an instant as whole seconds since 1970: what windows of both databases can reckon with."""
    if is_postgresql(session):
        return f"CAST(extract(epoch FROM {instant}) AS bigint)"
    return f"CAST(strftime('%s', {instant}) AS integer)"


def beijing_day(seconds_since_1970: str) -> str:
    """SQL for the number of the Beijing day of an instant in seconds."""
    return f"(({seconds_since_1970} + {_BEIJING_AHEAD_S}) / {_DAY_S})"


def whole_seconds(duration: timedelta) -> int:
    """A duration for a statement."""
    return duration.days * _DAY_S + duration.seconds


def names_json(names: Sequence[str]) -> str:
    """The value of a parameter of `listed`."""
    return as_json(list(names))
