"""What a taxi trip costs and why: flag, kilometres, empty return, waiting, night, fuel surcharge.

- All conditions (`when`) are asked at the start of the trip, on the tariff's wall clock.
- `flag.price` covers `flag.km`. Each further kilometre costs `km_price`: exactly as far as driven, or with `each_km` in steps of so many
  kilometres, a begun one counting as a whole.
- `empty_return`, for one-way trips only: the first entry that fits adds `adds` × `km_price` for each charged kilometre beyond
  `beyond_km`, on top of those kilometres themselves; the night surcharge is never on this part.
- `waiting`: what is beyond `free_minutes` is cut into pieces of `each_seconds`, of which a begun one counts (unless `part_counts` is
  false). Each costs `price`, or as much as `as_km` kilometres. Kilometres of waiting are charged on top of those driven: they use up
  nothing of the flag's and bear no empty return.
- `night`: the first entry that fits adds `flag_adds` to the flag and `km_adds` × the price of the kilometres, those of waiting too.
- `fuel_surcharge` is added, or with `included` only told, because the flag has it inside.
- The exact total is settled once by `rounding`, without one to the minor unit, halves upwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

from citizencard.tariffs.amounts import Money, Rounding, read_rounding
from citizencard.tariffs.checks import Inspection
from citizencard.tariffs.errors import EventInvalid
from citizencard.tariffs.precedence import fits_first, never_used
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.settling import Piece, number, settle
from citizencard.tariffs.when import When, read_when

MAX_KM: Final = 10_000
MAX_WAITING_S: Final = 30 * 24 * 3600
MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class EmptyReturn:
    """For one-way trips: a share of the km price for each kilometre beyond so many."""

    place: str
    beyond_km: Fraction
    adds: Fraction
    when: When | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What standing costs; exactly one of `as_km` and `price` (minor units) is given."""

    free_minutes: int
    each_seconds: int
    as_km: Fraction | None
    price: Fraction | None
    part_counts: bool


@dataclass(frozen=True, slots=True)
class Night:
    """A surcharge for certain times: minor units on the flag, a share of the km price."""

    place: str
    when: When
    flag_adds: int
    km_adds: Fraction


@dataclass(frozen=True, slots=True)
class TaxiRule:
    """What a fleet charges; amounts in minor units, see the module's page for what they mean."""

    place: str
    title: str
    rounding: Rounding
    flag_km: Fraction
    flag_price: int
    km_price: Fraction
    each_km: Fraction | None
    empty_return: tuple[EmptyReturn, ...]
    waiting: Waiting | None
    night: tuple[Night, ...]
    fuel_price: int
    fuel_included: bool


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip as the meter knows it.

    Args:
        at: when it began, aware.
        km: driven.
        waiting_s: seconds that the taxi stood for the passenger.
        one_way: false when the taxi brought the passenger back.
    """

    at: datetime
    km: Fraction
    waiting_s: int = 0
    one_way: bool = True


@dataclass(frozen=True, slots=True)
class MeterCheck:
    """A metered total beside the tariff's.

    Args:
        quote: what the tariff asks.
        metered: what the meter asked, in minor units.
        difference: metered less the tariff's: above zero when the meter asked too much.
    """

    quote: Quote
    metered: int
    difference: int


def quote(rule: TaxiRule, trip: Trip, offset: timezone) -> Quote:
    """Price a trip.

    Raises:
        EventInvalid: the distance is not from 0 to 10,000 km, or the waiting not from 0 seconds to 30 days.
    """
    if not 0 <= trip.km <= MAX_KM:
        raise EventInvalid(f"a trip has 0 to {MAX_KM} km", field="km", reason=f"must be from 0 to {MAX_KM}")
    if not 0 <= trip.waiting_s <= MAX_WAITING_S:
        raise EventInvalid(
            f"a trip waits 0 to {MAX_WAITING_S} s", field="waiting_s", reason=f"must be from 0 to {MAX_WAITING_S}"
        )
    return settle(_pieces(rule, trip, trip.at.astimezone(offset)), rule.rounding, rule.place)


def meter_check(rule: TaxiRule, trip: Trip, offset: timezone, metered: int) -> MeterCheck:
    """Compare what a meter asked for a trip (minor units) with what the tariff says.

    Raises:
        EventInvalid: see `quote`; or the metered total is below zero.
    """
    if metered < 0:
        raise EventInvalid("a meter asks for nothing less than 0", field="metered", reason="must be 0 or more")
    asked = quote(rule, trip, offset)
    return MeterCheck(asked, metered, metered - asked.minor)


def _pieces(rule: TaxiRule, trip: Trip, wall: datetime) -> list[Piece]:
    beyond_km = _charged_km(rule, trip.km)
    waiting = _waiting(rule, trip.waiting_s)
    pieces = [
        Piece("flag", rule.flag_price, f"{rule.place}.flag", {"km": number(rule.flag_km)}),
        Piece("km", beyond_km * rule.km_price, f"{rule.place}.km_price", {"km": number(beyond_km)}),
    ]
    if trip.one_way:
        pieces += _empty_return(rule, min(trip.km, rule.flag_km) + beyond_km, wall)
    if waiting is not None:
        pieces.append(waiting)
    by_km = beyond_km * rule.km_price
    if waiting is not None and rule.waiting is not None and rule.waiting.as_km is not None:
        by_km += waiting.amount
    pieces += _night(rule, by_km, wall)
    if rule.fuel_price and not rule.fuel_included:
        pieces.append(Piece("fuel_surcharge", rule.fuel_price, f"{rule.place}.fuel_surcharge"))
    told = [pieces[0], *(piece for piece in pieces[1:] if piece.amount)]
    if rule.fuel_price and rule.fuel_included:
        told.append(Piece("fuel_included", 0, f"{rule.place}.fuel_surcharge", {"price_minor": rule.fuel_price}))
    return told


def _charged_km(rule: TaxiRule, km: Fraction) -> Fraction:
    """Kilometres beyond those of the flag that are charged: in whole steps, where the rule has them."""
    beyond = max(Fraction(0), km - rule.flag_km)
    return beyond if rule.each_km is None else ceil(beyond / rule.each_km) * rule.each_km


def _empty_return(rule: TaxiRule, km: Fraction, wall: datetime) -> list[Piece]:
    for entry in rule.empty_return:
        if entry.when is None or entry.when.holds(wall):
            empty_km = max(Fraction(0), km - entry.beyond_km)
            facts = {"km": number(empty_km), "percent": number(entry.adds * 100)}
            return [Piece("empty_return", empty_km * rule.km_price * entry.adds, entry.place, facts)]
    return []


def _waiting(rule: TaxiRule, waiting_s: int) -> Piece | None:
    waiting = rule.waiting
    if waiting is None:
        return None
    beyond = Fraction(max(0, waiting_s - waiting.free_minutes * MINUTE_S), waiting.each_seconds)
    pieces = ceil(beyond) if waiting.part_counts else floor(beyond)
    each = waiting.price if waiting.as_km is None else waiting.as_km * rule.km_price
    facts = {"seconds": waiting_s, "pieces": pieces, "each_seconds": waiting.each_seconds}
    return Piece("waiting", pieces * (each or 0), f"{rule.place}.waiting", facts)


def _night(rule: TaxiRule, by_km: Fraction, wall: datetime) -> list[Piece]:
    for entry in rule.night:
        if entry.when.holds(wall):
            facts = {"percent": number(entry.km_adds * 100)}
            return [
                Piece("night_flag", entry.flag_adds, entry.place),
                Piece("night_km", by_km * entry.km_adds, entry.place, facts),
            ]
    return []


def inspect(inspection: Inspection, place: str, rule: Mapping[str, Any], money: Money) -> None:
    """Name what the schema cannot say: steps above nothing, exactly one price of waiting, entries that are never reached."""
    sound = inspection.fields(place, rule)
    if "each_km" in sound and Fraction(sound["each_km"]) == 0:
        inspection.add(f"{place}.each_km", "must be above 0")
    if "waiting" in sound:
        inspection.exactly_one_of(f"{place}.waiting", sound["waiting"], ("as_km", "price"))
    for here, entry in inspection.entries(f"{place}.night", rule.get("night")):
        if "flag_adds" not in entry and "km_adds" not in entry:
            inspection.add(here, "must have flag_adds or km_adds")
    for part in ("empty_return", "night"):
        never_used(inspection, f"{place}.{part}", rule.get(part), fits_first)
    fuel, flag = sound.get("fuel_surcharge", {}), sound.get("flag")
    if flag is not None and fuel.get("included") and money.rate(fuel["price"]) > money.rate(flag["price"]):
        inspection.add(f"{place}.fuel_surcharge.price", "must not be above the flag's price, which includes it")


def read_rule(place: str, rule: Mapping[str, Any], money: Money) -> TaxiRule:
    """Read a rule without mistakes."""
    fuel = rule.get("fuel_surcharge")
    return TaxiRule(
        place=place,
        title=rule["title"],
        rounding=read_rounding(rule.get("rounding"), money),
        flag_km=Fraction(rule["flag"]["km"]),
        flag_price=money.amount(rule["flag"]["price"]),
        km_price=money.rate(rule["km_price"]),
        each_km=Fraction(rule["each_km"]) if "each_km" in rule else None,
        empty_return=tuple(
            EmptyReturn(
                f"{place}.empty_return.{index}",
                Fraction(entry["beyond_km"]),
                Fraction(entry["adds"]),
                read_when(entry.get("when")),
            )
            for index, entry in enumerate(rule.get("empty_return", ()))
        ),
        waiting=_read_waiting(rule["waiting"], money) if "waiting" in rule else None,
        night=tuple(
            Night(
                f"{place}.night.{index}",
                read_when(entry["when"]) or When(),
                money.amount(entry.get("flag_adds", "0")),
                Fraction(entry.get("km_adds", "0")),
            )
            for index, entry in enumerate(rule.get("night", ()))
        ),
        fuel_price=0 if fuel is None else money.amount(fuel["price"]),
        fuel_included=fuel is not None and fuel.get("included", False),
    )


def _read_waiting(entry: Mapping[str, Any], money: Money) -> Waiting:
    return Waiting(
        free_minutes=entry.get("free_minutes", 0),
        each_seconds=entry["each_seconds"],
        as_km=Fraction(entry["as_km"]) if "as_km" in entry else None,
        price=money.rate(entry["price"]) if "price" in entry else None,
        part_counts=entry.get("part_counts", True),
    )
