"""What a stay in a lot costs and why, in whole fen: free minutes, first price, steps, cap, charged hours (README.md beside this file)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from citizencard.clock import BEIJING
from citizencard.tariffs.checks import (
    MAX_FEN,
    MAX_NAME_CHARACTERS,
    MAX_SOURCE_CHARACTERS,
    Check,
    Fault,
    a_text,
    an_integer,
    an_object,
    an_object_or_none,
    check_fields,
)
from citizencard.tariffs.errors import StayInvalid

MINUTE_S: Final = 60
DAY_S: Final = 24 * 3600
MAX_BLOCK_MINUTES: Final = 24 * 60
MAX_CAP_HOURS: Final = 7 * 24
MAX_STAY: Final = timedelta(days=3660)
"""Ten years: a car that nobody fetches can still be priced, and no request makes us reckon for ever."""
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")


@dataclass(frozen=True, slots=True)
class Block:
    """A price for a begun block of minutes."""

    minutes: int
    fen: int


@dataclass(frozen=True, slots=True)
class Cap:
    """No more than `fen` for each `hours`, counted from the entry."""

    hours: int
    fen: int


@dataclass(frozen=True, slots=True)
class ParkingRule:
    """What a lot charges.

    Args:
        name: for people.
        free_minutes: a whole stay of at most so many minutes is free; a longer one is charged from its beginning.
        first: the price of the first block.
        step: the price of every further block, begun ones too.
        cap: None when there is none.
        charged_from_s, charged_until_s: seconds of the Beijing day between which minutes count; 0 and 86,400 for all of it.
        source: where the rule is printed.
    """

    name: str
    free_minutes: int
    first: Block
    step: Block
    cap: Cap | None
    charged_from_s: int
    charged_until_s: int
    source: str


@dataclass(frozen=True, slots=True)
class ParkingPart:
    """A piece of the reason of a price.

    Args:
        what: `free` (minutes of a free stay), `uncharged` (outside the charged hours), `first`, `steps`, `over_cap`.
        minutes: that it is about; 0 for `over_cap`.
        fen: what it adds; below zero for `over_cap`.
    """

    what: str
    minutes: int
    fen: int


@dataclass(frozen=True, slots=True)
class ParkingPrice:
    """What a stay costs; the parts add up to it.

    Args:
        fen: the price.
        minutes: whole minutes of the stay.
        charged_minutes: of them, those that count.
        parts: the reason; parts of nothing are left out.
        capped: the cap made it cheaper.
    """

    fen: int
    minutes: int
    charged_minutes: int
    parts: tuple[ParkingPart, ...]
    capped: bool


def quote(rule: ParkingRule, entered_at: datetime, left_at: datetime) -> ParkingPrice:
    """Price a stay. The same two instants always cost the same: a quote for an instant is the bill at that instant.

    Whole minutes count, begun ones do not. With a cap, each of its periods (24 h) from the entry is priced by itself, first block and cap
    included; the free minutes are those of the whole stay.

    Args:
        rule: of the tariff.
        entered_at: when it began, aware.
        left_at: when it ends, aware.

    Raises:
        StayInvalid: it ends before it begins, or after more than ten years.
    """
    if not timedelta(0) <= left_at - entered_at <= MAX_STAY:
        raise StayInvalid("a stay ends after it began, within ten years", entered_at=entered_at.isoformat())
    began_s = _wall_seconds(entered_at)
    ended_s = began_s + int((left_at - entered_at).total_seconds())
    minutes = (ended_s - began_s) // MINUTE_S
    if minutes <= rule.free_minutes:
        return ParkingPrice(0, minutes, 0, _told(ParkingPart("free", minutes, 0)), capped=False)
    period_s = ended_s - began_s if rule.cap is None else rule.cap.hours * 3600
    charged = [
        (_until(rule, min(from_s + period_s, ended_s)) - _until(rule, from_s)) // MINUTE_S
        for from_s in range(began_s, ended_s, period_s)
    ]
    firsts = [min(one, rule.first.minutes) for one in charged]
    first_fen = sum(rule.first.fen for one in firsts if one)
    steps_fen = sum(_steps_fen(rule, one) for one in charged)
    over_fen = 0
    if rule.cap is not None:
        over_fen = sum(max(0, rule.first.fen + _steps_fen(rule, one) - rule.cap.fen) for one in charged if one)
    total = sum(charged)
    parts = _told(
        ParkingPart("uncharged", minutes - total, 0),
        ParkingPart("first", sum(firsts), first_fen),
        ParkingPart("steps", total - sum(firsts), steps_fen),
        ParkingPart("over_cap", 0, -over_fen),
    )
    return ParkingPrice(first_fen + steps_fen - over_fen, minutes, total, parts, capped=over_fen > 0)


def check_rule(place: str, rule: Mapping[str, object]) -> list[Fault]:
    """Every mistake of a rule; `place` is put before each name."""
    faults = check_fields(place, rule, _RULE)
    for name, wanted in (("first", _BLOCK), ("step", _BLOCK), ("cap", _CAP), ("charged", _CHARGED)):
        part = rule.get(name)
        if isinstance(part, dict):
            faults += check_fields(f"{place}{name}.", part, wanted)
    first, cap, charged = (rule.get(name) for name in ("first", "cap", "charged"))
    first_fen = first.get("fen") if isinstance(first, dict) else None
    cap_fen = cap.get("fen") if isinstance(cap, dict) else None
    if type(first_fen) is int and type(cap_fen) is int and cap_fen < first_fen:
        faults.append(Fault(f"{place}cap.fen", "must not be below the first price, which nobody would ever pay"))
    is_readable = isinstance(charged, dict) and not check_fields("", charged, _CHARGED)
    if isinstance(charged, dict) and is_readable and _seconds(charged["from"]) >= _seconds(charged["until"]):
        faults.append(Fault(f"{place}charged.until", "must be later in the same day than from"))
    return faults


def read_rule(rule: Mapping[str, Any]) -> ParkingRule:
    """Read a rule without mistakes."""
    cap, charged = rule["cap"], rule["charged"]
    return ParkingRule(
        name=rule["name"],
        free_minutes=rule["free_minutes"],
        first=Block(rule["first"]["minutes"], rule["first"]["fen"]),
        step=Block(rule["step"]["minutes"], rule["step"]["fen"]),
        cap=None if cap is None else Cap(cap["hours"], cap["fen"]),
        charged_from_s=0 if charged is None else _seconds(charged["from"]),
        charged_until_s=DAY_S if charged is None else _seconds(charged["until"]),
        source=rule["source"],
    )


def _told(*parts: ParkingPart) -> tuple[ParkingPart, ...]:
    return tuple(part for part in parts if part.minutes or part.fen)


def _steps_fen(rule: ParkingRule, minutes: int) -> int:
    # Negated twice, floor division rounds up: a begun step counts.
    return -(-max(0, minutes - rule.first.minutes) // rule.step.minutes) * rule.step.fen


def _wall_seconds(instant: datetime) -> int:
    """Seconds on the city's wall clock since the first day of the calendar; Beijing has no daylight saving, so that they run evenly."""
    wall = instant.astimezone(BEIJING)
    return wall.toordinal() * DAY_S + wall.hour * 3600 + wall.minute * MINUTE_S + wall.second


def _until(rule: ParkingRule, wall_s: int) -> int:
    """Charged seconds from the first day of the calendar up to a moment."""
    days, of_day_s = divmod(wall_s, DAY_S)
    today_s = min(max(of_day_s, rule.charged_from_s), rule.charged_until_s) - rule.charged_from_s
    return days * (rule.charged_until_s - rule.charged_from_s) + today_s


def _seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * MINUTE_S


def _a_clock_time(value: object) -> str | None:
    fits = isinstance(value, str) and _CLOCK.fullmatch(value) is not None
    return None if fits else "must be a time of day from 00:00 to 24:00"


_RULE: Final[Mapping[str, Check]] = {
    "name": a_text(MAX_NAME_CHARACTERS),
    "free_minutes": an_integer(0, MAX_BLOCK_MINUTES),
    "first": an_object,
    "step": an_object,
    "cap": an_object_or_none,
    "charged": an_object_or_none,
    "source": a_text(MAX_SOURCE_CHARACTERS),
}
_BLOCK: Final[Mapping[str, Check]] = {"minutes": an_integer(1, MAX_BLOCK_MINUTES), "fen": an_integer(0, MAX_FEN)}
_CAP: Final[Mapping[str, Check]] = {"hours": an_integer(1, MAX_CAP_HOURS), "fen": an_integer(0, MAX_FEN)}
_CHARGED: Final[Mapping[str, Check]] = {"from": _a_clock_time, "until": _a_clock_time}
