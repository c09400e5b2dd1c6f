"""What a stay in a lot costs and why.

Minutes. Whole minutes of the stay count, a begun one does not.

Free minutes. A stay of at most `free.minutes` whole minutes costs nothing, whether anything is charged at that hour or not. A longer one
is charged from its entry (`charged_from_entry`), or only for what is after the free minutes, which run from the entry
(`charged_after`). With `again: every_period` each period is free, or begins with free minutes, by the same rule.

Periods. A stay is cut into periods: of 24 hours from the entry (`24_hours`), at each midnight of the tariff's wall clock
(`calendar_day`), or not at all (`stay`). With `free_period_every: 7` the seventh, fourteenth … period costs nothing.

Charges. In each period a charge covers the time at which its `when` holds, in whole minutes (those of the period added up, then cut off).
Only charges of the stay's vehicle matter, and where several hold at one time, the first in the list has it. Time that no charge covers
costs nothing. A stay that names no vehicle is one of the first class in `vehicles`. A charge costs one of:
- `steps`, along the minutes it covers in the period: up to `up_to_minutes` (counted from the charge's first minute) each
  `each_minutes` cost `price`; the last step goes on without end. A part of a step counts as a whole (`part_of_step: counts`), costs
  nothing (`free`), or costs its share (`by_minute`). With `next_period: continues` the steps go on where they stood: a step
  that is paid for is not paid for again. With `long_stay`, a period in which the charge covers more than `after_minutes` costs
  `long_stay.price` instead of the steps.
- `a_period`: once in each period in which the charge covers a minute.
- `a_visit`: once in the stay, in the first period that is not free and in which the charge covers a minute.

Limits. A charge costs at most its `most_a_period` in a period, all charges together at most the rule's `most_a_period`.

Discounts. The first whose `traits` has one of the stay's traits is used: the stay `pays` a share of its price, or `less` is taken off
(never more than the price), or it costs what it would if `free` were `free_minutes` of `charged_after`, where that is less.

Permits. A permit is bought for a period at its price (`permit`). A stay that has the permit's name among its traits pays for no minute at
which the permit's `when` holds.

The exact total is settled once by `rounding`, without one to the minor unit, halves upwards. What a stay costs if it ends at an instant
is what it costs when it does end then: price and bill are the same function of the same instants.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Final

from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.parking_hours import wall_second
from citizencard.tariffs.parking_periods import Cutting, cut_up
from citizencard.tariffs.parking_prices import Tally
from citizencard.tariffs.parking_rules import Discount, Free, ParkingRule
from citizencard.tariffs.quotes import Line, Quote, quote_of
from citizencard.tariffs.settling import Piece, settle

MAX_STAY: Final = timedelta(days=3660)
"""Ten years: a car that nobody fetches can still be priced, and no request makes us reckon for ever."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay, or one that would end then.

    Args:
        entered_at, left_at: aware.
        vehicle: its class, one of the rule's `vehicles`; None for the first of them.
        traits: what discounts ask for, and names of permits that the vehicle has.
    """

    entered_at: datetime
    left_at: datetime
    vehicle: str | None = None
    traits: frozenset[str] = frozenset()


def quote(rule: ParkingRule, stay: Stay, offset: timezone) -> Quote:
    """Price a stay.

    Raises:
        EventInvalid: it ends before it begins, or after more than ten years.
        RuleMissing: the rule does not know the vehicle.
    """
    if not timedelta(0) <= stay.left_at - stay.entered_at <= MAX_STAY:
        reason = "must be after entered_at, within ten years"
        raise EventInvalid("a stay ends after it began, within ten years", field="left_at", reason=reason)
    cutting = _cutting(rule, stay, offset)
    pieces = pieces_of(cutting, rule.free)
    discount = next((one for one in rule.discounts if one.traits & stay.traits), None)
    if discount is not None:
        less = _taken_off(cutting, discount, _sum(pieces))
        if less:
            pieces.append(Piece("discount", -less, discount.place, {"discount": discount.name}, discount.sponsor))
    return settle(pieces, rule.rounding, rule.place)


def permit(rule: ParkingRule, name: str, vehicle: str | None = None) -> Quote:
    """Price a permit.

    Raises:
        RuleMissing: the rule does not have it, or not for this vehicle.
    """
    sold = rule.permits.get(name)
    if sold is None:
        raise RuleMissing(f"{rule.place} has no permit {name}", place=f"{rule.place}.permits.{name}")
    known = vehicle_of(rule, vehicle)
    if sold.vehicles is not None and known not in sold.vehicles:
        raise RuleMissing(f"{sold.place} is not for the vehicle {known}", place=f"{sold.place}.vehicles")
    return quote_of([Line("permit", sold.price, sold.place, {"permit": sold.title, "period": sold.period})])


def lot_of(tariff: Tariff, lot: str) -> ParkingRule:
    """The rule of a lot.

    Raises:
        RuleMissing: the tariff does not say what the lot costs.
    """
    rule = tariff.parking.get(lot)
    if rule is None:
        raise RuleMissing(f"tariff {tariff.version} has no lot {lot}", place=f"parking.{lot}")
    return rule


def vehicle_of(rule: ParkingRule, vehicle: str | None) -> str | None:
    """The class that a vehicle is priced as; None where the rule knows no classes.

    Raises:
        RuleMissing: the rule has classes, but not this one.
    """
    if not rule.vehicles or vehicle in rule.vehicles:
        return vehicle if rule.vehicles else None
    if vehicle is not None:
        raise RuleMissing(f"{rule.place} has no vehicle {vehicle}", place=f"{rule.place}.vehicles")
    return rule.vehicles[0]


def pieces_of(stay: Cutting, free: Free) -> list[Piece]:
    """The exact lines of a stay before discounts, with these free minutes."""
    place = stay.rule.place
    if stay.minutes <= free.minutes and not free.every_period:
        return [Piece("free", 0, f"{place}.free" if free.minutes else place, {"minutes": stay.minutes})]
    cut = cut_up(stay, free)
    tally = Tally(stay.rule, stay.charges)
    tally.add_all(cut)
    uncharged = stay.minutes - cut.charged_minutes - cut.free_minutes - cut.permit_minutes - cut.free_period_minutes
    told = [
        ("free", f"{place}.free", {"minutes": cut.free_minutes}),
        ("under_permit", f"{place}.permits", {"minutes": cut.permit_minutes}),
        ("uncharged", f"{place}.charges", {"minutes": uncharged}),
        (
            "free_period",
            f"{place}.free_period_every",
            {"minutes": cut.free_period_minutes, "periods": cut.free_periods},
        ),
    ]
    return [Piece(what, 0, rule, facts) for what, rule, facts in told if facts["minutes"]] + tally.pieces()


def _cutting(rule: ParkingRule, stay: Stay, offset: timezone) -> Cutting:
    vehicle = vehicle_of(rule, stay.vehicle)
    has = [one for name, one in rule.permits.items() if name in stay.traits and _for(one.vehicles, vehicle)]
    began_s = wall_second(stay.entered_at.astimezone(offset))
    return Cutting(
        rule=rule,
        charges=tuple(one for one in rule.charges if _for(one.vehicles, vehicle)),
        permit=has[0].when if has else None,
        has_permit=bool(has),
        began_s=began_s,
        ended_s=began_s + int((stay.left_at - stay.entered_at).total_seconds()),
    )


def _for(vehicles: frozenset[str] | None, vehicle: str | None) -> bool:
    return vehicles is None or vehicle in vehicles


def _taken_off(cutting: Cutting, discount: Discount, price: Fraction) -> Fraction:
    """Exact minor units, from 0 to the price."""
    if discount.pays is not None:
        return price * (1 - discount.pays)
    if discount.less is not None:
        return min(price, Fraction(discount.less))
    freer = replace(cutting.rule.free, minutes=discount.free_minutes or 0, charged_after=True)
    return max(Fraction(0), price - _sum(pieces_of(cutting, freer)))


def _sum(pieces: list[Piece]) -> Fraction:
    return Fraction(sum(piece.amount for piece in pieces))
