"""A city with buses, a metro and a tram, and rides in it."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any, Final

from citizencard.clock import BEIJING
from citizencard.tariffs.document import Tariff, check, money_of, read
from citizencard.tariffs.transit import reading
from citizencard.tariffs.transit.history import CardRide, History, rate
from citizencard.tariffs.transit.pricing import Priced, Ride, price

ADULT, STUDENT, SENIOR = 0x01, 0x02, 0x03
METRO: Final = 1001
TRAM: Final = 801
CLASSES: Final = {"01": {"name": "adult"}, "02": {"name": "student"}, "03": {"name": "senior"}}
MODES: Final = {"bus": {}, "tram": {}, "metro": {"window_starts_at": "exit", "window_ends_at": "entry"}}
LINES: Final = {
    "1-99": {"mode": "bus", "operator": "city_bus", "fare": {"flat": "2.00"}},
    "801": {"mode": "tram", "fare": {"flat": "3.00"}},
    "1001-1002": {"mode": "metro", "operator": "metro", "fare": {"flat": "4.00"}},
}


def document(currency: str = "CNY", **rules: Any) -> dict[str, Any]:
    """A document about rides with these parts; classes, modes and lines are those above unless given."""
    return {
        "format": 2,
        "name": "test",
        "version": 1,
        "effective_from": "2026-01-01T00:00:00+08:00",
        "currency": currency,
        "source": {"page": "made up for a test", "grade": "A", "date": "2026"},
        "transit": {"classes": CLASSES, "modes": MODES, "lines": LINES, **rules},
    }


def city(currency: str = "CNY", **rules: Any) -> Tariff:
    """The tariff of such a document, which must have no mistakes."""
    return read(document(currency, **rules))


def unchecked(entry: dict[str, Any]) -> Tariff:
    """The tariff of a document that is known to have no mistakes: thirty times as fast as with the check."""
    money = money_of(entry)
    effective_from = datetime.fromisoformat(entry["effective_from"])
    transit = reading.read(entry["transit"], money)
    return Tariff(entry["version"], entry["name"], effective_from, money, timezone(timedelta(hours=8)), transit)


def faults(**rules: Any) -> list[tuple[str, str]]:
    """Its mistakes: places below `transit`, and messages."""
    return [(fault.place.removeprefix("transit."), fault.message) for fault in check(document(**rules))]


def line_with(fare: dict[str, Any], **fields: object) -> dict[str, Any]:
    """Lines of which number 7 has this fare."""
    return {"7": {"mode": "bus", "fare": fare, **fields}}


def at(clock: str, day: int = 2) -> datetime:
    """A time of March 2026 in Beijing, whose 2nd is a Monday: "07:30" or "07:30:01"."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return datetime(2026, 3, 1, tzinfo=BEIJING) + timedelta(
        days=day - 1, hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0
    )


def metro(began: datetime, ended: datetime, km: str | None = None, card_class: int = ADULT, line: int = METRO) -> Ride:
    """A ride on the metro."""
    return Ride(line, card_class, began, exit_at=ended, km=None if km is None else Fraction(km))


def carried(tariff: Tariff, rides: Iterable[Ride]) -> list[Priced]:
    """Rides of one card, each priced from its own record, with what the card carried from ride to ride."""
    priced: list[Priced] = []
    for ride in rides:
        anchor = priced[-1].next_anchor if priced else None
        fields = (ride.exit_at, ride.km, ride.from_stop, ride.to_stop, ride.persons, ride.claimed_base)
        priced.append(price(tariff, Ride(ride.line, ride.card_class, ride.at, anchor, *fields)))
    return priced


def device_prices(tariff: Tariff, *rides: Ride) -> list[int]:
    """What a device charges for the rides of one card, in minor units."""
    return [one.quote.minor for one in carried(tariff, rides)]


def rated_prices(tariff: Tariff, rides: Iterable[Ride], history: History | None = None) -> list[int]:
    """What the rides of one card cost by all rules."""
    histories = {"card": history or History()}
    return [one.quote.minor for one in rate(tariff, (CardRide("card", ride, "") for ride in rides), histories)]
