"""What the periods of a stay cost, added up into the lines of its explanation.

Amounts are whole numbers of one part of a minor unit, as small as the shares of steps by the minute need: exact, and fast.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Final

from citizencard.tariffs.parking_periods import Cut, Period
from citizencard.tariffs.parking_rules import Charge, ParkingRule, Step
from citizencard.tariffs.settling import Piece

BY_MINUTE: Final = "by_minute"
FREE: Final = "free"
_ORDER: Final = ("visit", "period", "steps", "long_stay", "over_cap")
"""Of the lines of one charge."""


@dataclass(slots=True)
class _Sum:
    """What a line comes to over all periods; `count` is of steps, periods or visits."""

    minutes: int = 0
    count: int = 0
    amount: int = 0

    def add(self, minutes: int, count: int, amount: int) -> None:
        self.minutes += minutes
        self.count += count
        self.amount += amount


@dataclass(frozen=True, slots=True)
class _Band:
    """One entry of `steps`, with the minute where it begins and what lies within it of a period."""

    index: int
    step: Step
    from_minute: int

    def within(self, minutes: int) -> int:
        """Of so many charged minutes, those in this band."""
        upper = minutes if self.step.up_to_minutes is None else min(minutes, self.step.up_to_minutes)
        return max(0, upper - self.from_minute)


class Tally:
    """The sums of all lines of a stay."""

    def __init__(self, rule: ParkingRule, charges: tuple[Charge, ...]) -> None:
        self._rule = rule
        self._charges = charges
        by_minute = [step.each_minutes for one in charges if one.part_of_step == BY_MINUTE for step in one.steps]
        self._unit = lcm(*by_minute)
        self._bands = [_bands(charge) for charge in charges]
        self._sums: dict[tuple[int, str, int], _Sum] = {}
        self._over = _Sum()

    def add_all(self, cut: Cut) -> None:
        """Price each kind of period once."""
        for kind, times in cut.kinds.items():
            self._add(kind, times)

    def pieces(self) -> list[Piece]:
        """The lines, charge by charge."""
        told = [self._piece(*key, total) for key, total in sorted(self._sums.items(), key=_place_in_order)]
        if self._over.amount:
            facts = {"most_minor": self._rule.most or 0, "periods": self._over.count}
            told.append(Piece("over_cap", self._exact(self._over.amount), f"{self._rule.place}.most_a_period", facts))
        return told

    def _add(self, kind: Period, times: int) -> None:
        total = 0
        for index, charge in enumerate(self._charges):
            if not kind.minutes[index]:
                continue
            price = self._charge(index, kind, times)
            if charge.most is not None and price > charge.most * self._unit:
                over = price - charge.most * self._unit
                self._sum(index, "over_cap").add(0, times, -over * times)
                price -= over
            total += price
        if self._rule.most is not None and total > self._rule.most * self._unit:
            self._over.add(0, times, (self._rule.most * self._unit - total) * times)

    def _charge(self, index: int, kind: Period, times: int) -> int:
        """What a charge costs in a period before its cap."""
        charge, minutes = self._charges[index], kind.minutes[index]
        what, price = "visit", charge.a_visit if index in kind.visits else 0
        if charge.a_period is not None:
            what, price = "period", charge.a_period
        elif charge.long_stay is not None and minutes > charge.long_stay[0]:
            what, price = "long_stay", charge.long_stay[1]
        elif charge.steps:
            return sum(self._band(index, band, kind, times) for band in self._bands[index])
        price = (price or 0) * self._unit
        self._sum(index, what).add(
            minutes * times, times if index in kind.visits or what != "visit" else 0, price * times
        )
        return price

    def _band(self, index: int, band: _Band, kind: Period, times: int) -> int:
        charge, step = self._charges[index], band.step
        before = kind.before[index]
        already, by_then = band.within(before), band.within(before + kind.minutes[index])
        if by_then == already:
            return 0
        if charge.part_of_step == BY_MINUTE:
            count, amount = 0, (by_then - already) * step.price * (self._unit // step.each_minutes)
        else:
            count = _steps(charge, step, by_then) - _steps(charge, step, already)
            amount = count * step.price * self._unit
        self._sum(index, "steps", band.index).add((by_then - already) * times, count * times, amount * times)
        return amount

    def _sum(self, index: int, what: str, band: int = 0) -> _Sum:
        return self._sums.setdefault((index, what, band), _Sum())

    def _piece(self, index: int, what: str, band: int, total: _Sum) -> Piece:
        charge = self._charges[index]
        facts: dict[str, int | str] = {} if charge.name is None else {"charge": charge.name}
        place = charge.place
        if what == "over_cap":
            facts |= {"most_minor": charge.most or 0, "periods": total.count}
            return Piece(what, self._exact(total.amount), f"{place}.most_a_period", facts)
        facts["minutes"] = total.minutes
        if what == "steps":
            step = charge.steps[band]
            place = f"{place}.steps.{band}"
            facts |= {"each_minutes": step.each_minutes, "price_minor": step.price}
            if charge.part_of_step == BY_MINUTE:
                what = BY_MINUTE
            else:
                facts["steps"] = total.count
                if band == 0 and step.up_to_minutes is not None:
                    what = "first"
                    facts["up_to_minutes"] = step.up_to_minutes
        elif what == "visit":
            place = f"{place}.a_visit"
        elif what == "period":
            place = f"{place}.a_period"
            facts |= {"periods": total.count, "price_minor": charge.a_period or 0}
        elif charge.long_stay is not None:
            place = f"{place}.long_stay"
            facts |= {
                "periods": total.count,
                "after_minutes": charge.long_stay[0],
                "price_minor": charge.long_stay[1],
            }
        return Piece(what, self._exact(total.amount), place, facts)

    def _exact(self, amount: int) -> Fraction:
        return Fraction(amount, self._unit)


def _place_in_order(found: tuple[tuple[int, str, int], _Sum]) -> tuple[int, int, int]:
    index, what, band = found[0]
    return index, _ORDER.index(what), band


def _bands(charge: Charge) -> list[_Band]:
    starts = [0, *(step.up_to_minutes or 0 for step in charge.steps[:-1])]
    return [_Band(index, step, start) for index, (step, start) in enumerate(zip(charge.steps, starts, strict=False))]


def _steps(charge: Charge, step: Step, minutes: int) -> int:
    """Steps of so many minutes; a part counts as a whole or not at all."""
    # Negated twice, floor division rounds up: a begun step counts.
    return minutes // step.each_minutes if charge.part_of_step == FREE else -(-minutes // step.each_minutes)
