"""What water, gas or power cost and why: units by tiers or registers, base fees, add-ons, tax, a minimum (README.md beside this file).

Months of a bill. Both days of its period count; a month is from a day to the day before the same day of the next month. The bill has as
many months as it has begun; with `part_months: by_days` it has its full months and, of the month that is not full, the share of its days.

Limits. A tier period of a month gives the limits once for each month of the bill. One of several months or a year runs on over the bills
of the period: a bill begins where `units_before` (what earlier bills of the period billed) ends, and whoever bills several whole periods
at once gets their limits; the periods are those of the calendar, and a bill belongs to the one that its last day lies in. With `by_days`
nothing runs on: every bill stands by itself with the share of the limits that its months are of the period. `bill` gives the limits once
for each bill. Each person of the household beyond `people` raises every limit of a period by `each_adds`. A limit belongs to its tier:
with `up_to` 20 the twentieth unit is still in it. All of this is exact; limits by days are fractions of units.

Prices. A tier's `price` is for each unit; `adds` is what it adds to the one price of the rule or to the price of every register. As that
is the same for every register, it does not matter which register's units lie in which tier.

Split readings. A reading of more than one month is cut into as many equal parts as it has whole months, and refused when days are left
over: `months` says how many there usually are. What cannot be divided (in steps of `unit_decimals`) goes to the first or the last parts,
one step each. Every part is priced as a month by itself: limits, allowances and add-ons' free units.
Monthly base fees are charged for each part; tax, minimum and rounding are those of the bill. A reading of at most a month is not cut.

Free units. The first allowance whose traits the household has all of (or that names none) makes the first units of the bill free: as many
as it gives for the months of the bill, or as it leaves of its period. They still count for the tiers. Their price is taken off as the
line `free_units`, which its sponsor pays; of several registers they are taken in proportion to their units. Add-ons are not free by it:
an add-on is charged on its share of the units less its own `free_units`.

Order of a bill: units, free units, base fees, add-ons, then tax on all of that (or on units less free units), then rounding once, then
the minimum. `factor` is the price with tax by the price without: 1.1 adds a tenth. With `round_each_line` every line is rounded by itself
and the bill is their sum. No bill is below zero, and one of more units is never cheaper.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final

from citizencard.tariffs.amounts import ONE, Rounding
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.months import span
from citizencard.tariffs.quotes import Line, Quote, quote_of
from citizencard.tariffs.settling import Piece, number, settle
from citizencard.tariffs.utility_rules import BILL, MONTH, Allowance, Step, Tax, UtilityRule

MAX_UNITS: Final = 1_000_000
"""Units on one bill: more is a reading error."""
MAX_UNITS_BEFORE: Final = 1_000 * MAX_UNITS
MAX_HOUSEHOLD: Final = 100
MAX_PERIOD_DAYS: Final = 3_660
LAST_YEAR: Final = 9_000
"""Months are counted a little beyond a period's end, and the calendar ends with the year 9999."""
NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be billed.

    Args:
        period_from, period_to: first and last day, at most ten years.
        units: used in it, 0 to 1,000,000 with at most the rule's `unit_decimals`; may be None when registers are given.
        registers: units of each register of the rule; empty for a meter with one.
        units_before: units of the earlier bills whose last day lies in the same tier period (`UtilityRule.tier_period`).
        household: people, 0 to 100; 0: not known.
        size: of the meter or pipe.
        traits: of the household, such as `low_income`.
    """

    period_from: date
    period_to: date
    units: Fraction | None = None
    registers: Mapping[str, Fraction] = field(default_factory=dict)
    units_before: Fraction = NOTHING
    household: int = 0
    size: str | None = None
    traits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Months:
    """A bill's units, cut into months or not.

    Args:
        units: of each part that is priced by itself.
        count: months of the bill.
        part, whole: months of each part, and full ones.
    """

    units: tuple[Fraction, ...]
    count: Fraction
    part: Fraction
    whole: int


@dataclass(frozen=True, slots=True)
class _Charge:
    """A line for units, exact: what it costs, and how much of that is free."""

    piece: Piece
    free: Fraction = NOTHING


def bill(rule: UtilityRule, reading: Reading) -> Quote:
    """Price a reading; the module says how.

    Raises:
        EventInvalid: the reading cannot be so, or does not say what the rule asks for; names the field.
        RuleMissing: there is no base fee for the size.
    """
    units = _units(rule, reading)
    months = _months(rule, reading, units)
    allowance = next((one for one in rule.free_units if one.traits <= reading.traits), None)
    charges = list(_unit_charges(rule, reading, months, allowance))
    others = [*_base_fees(rule, reading, months), *_add_ons(rule, reading, months)]
    quote = (_each_rounded if rule.each_line else _rounded_once)(rule, charges, allowance, others)
    if quote.minor >= rule.minimum:
        return quote
    facts = {"minimum_minor": rule.minimum}
    return quote_of([*quote.lines, Line("bill_minimum", rule.minimum - quote.minor, f"{rule.place}.minimum", facts)])


def _units(rule: UtilityRule, reading: Reading) -> Fraction:
    """All units of a reading that can be so."""
    _check_period(reading)
    if not 0 <= reading.household <= MAX_HOUSEHOLD:
        raise _invalid("household", f"must be from 0 to {MAX_HOUSEHOLD} people")
    if not 0 <= reading.units_before <= MAX_UNITS_BEFORE:
        raise _invalid("units_before", f"must be from 0 to {MAX_UNITS_BEFORE}")
    if reading.units_before and rule.runs_on is None:
        raise _invalid("units_before", "must be left out: no tier of the rule runs on over bills")
    if rule.registers.keys() != reading.registers.keys():
        listed = f"the registers {', '.join(rule.registers)}" if rule.registers else "no register: the rule has none"
        raise _invalid("registers", f"must be the units of {listed}")
    if reading.units is None and not rule.registers:
        raise _invalid("units", "must be said")
    total = sum(reading.registers.values(), NOTHING) if rule.registers else reading.units or NOTHING
    if reading.units is not None and reading.units != total:
        raise _invalid("units", "must be the sum of the registers")
    for units in (total, *reading.registers.values()):
        if not 0 <= units <= MAX_UNITS or (units * 10**rule.unit_decimals).denominator != 1:
            raise _invalid("units", f"must be from 0 to {MAX_UNITS} with at most {rule.unit_decimals} decimals")
    return total


def _check_period(reading: Reading) -> None:
    if reading.period_to < reading.period_from:
        raise _invalid("period_to", "must not be before period_from")
    if (reading.period_to - reading.period_from).days >= MAX_PERIOD_DAYS or reading.period_to.year > LAST_YEAR:
        raise _invalid("period_to", f"must be within {MAX_PERIOD_DAYS} days from period_from, until {LAST_YEAR}")


def _invalid(field_name: str, reason: str) -> EventInvalid:
    return EventInvalid(f"{field_name} {reason}", field=field_name, reason=reason)


def _months(rule: UtilityRule, reading: Reading, units: Fraction) -> _Months:
    between = span(reading.period_from, reading.period_to)
    if rule.split_into > 1 and between.begun > 1:
        if between.begun != between.whole:
            usual = f"a reading of {rule.split_into} months or another number of whole ones is cut into months"
            raise _invalid("period_to", f"must end a whole month: {usual}, not {between.whole} months and some days")
        steps, odd = divmod(int(units * 10**rule.unit_decimals), between.whole)
        even = between.whole - odd
        parts = [steps + 1] * odd + [steps] * even if rule.odd_first else [steps] * even + [steps + 1] * odd
        cut = tuple(Fraction(part, 10**rule.unit_decimals) for part in parts)
        return _Months(cut, Fraction(len(cut)), ONE, 1)
    count = between.exact if rule.by_days else Fraction(between.begun)
    return _Months((units,), count, count, between.whole)


def _times(rule: UtilityRule, months: _Months, per: int) -> Fraction:
    """How often a part of the bill gets the limits or free units of a period."""
    if per == BILL:
        return ONE
    if rule.by_days:
        return months.part / per
    return months.part if per == MONTH else Fraction(max(1, months.whole // per))


def _before(rule: UtilityRule, reading: Reading, per: int) -> Fraction:
    """Units that earlier bills used of a period."""
    return reading.units_before if per == rule.runs_on else NOTHING


def _unit_charges(
    rule: UtilityRule, reading: Reading, months: _Months, allowance: Allowance | None
) -> Iterator[_Charge]:
    """The lines of the registers and of the tiers, those of no units left out."""
    free = [_free(rule, reading, months, allowance, units) for units in months.units]
    total, free_total = sum(months.units, NOTHING), sum(free, NOTHING)
    for name, register in rule.registers.items():
        units = reading.registers[name]
        if units:
            facts = {"register": register.title, **_priced(rule, units, register.rate)}
            amount = units * register.rate
            yield _Charge(
                Piece("register", amount, f"{rule.place}.registers.{name}", facts), amount * free_total / total
            )
    before = _before(rule, reading, rule.tiers.per)
    what = "tier_surcharge" if rule.registers else "tier" if rule.is_tiered else "units"
    for index, (above, step, up_to) in enumerate(_limits(rule, reading, _times(rule, months, rule.tiers.per))):
        used = sum((_within(above, up_to, before, units) for units in months.units), NOTHING)
        if not used or (rule.registers and not step.rate):
            continue
        freed = sum((_within(above, up_to, before, units) for units in free), NOTHING)
        place = f"{rule.place}.tiers.steps.{index}" if rule.is_tiered else f"{rule.place}.price"
        facts = (
            {"tier": index + 1, **_priced(rule, used, step.rate)} if rule.is_tiered else _priced(rule, used, step.rate)
        )
        yield _Charge(Piece(what, used * step.rate, place, facts), freed * step.rate)
    if not total:
        yield _Charge(Piece("no_units", 0, rule.place, {"unit": rule.unit}))


def _free(
    rule: UtilityRule, reading: Reading, months: _Months, allowance: Allowance | None, units: Fraction
) -> Fraction:
    """How many units of a part are free."""
    if allowance is None:
        return NOTHING
    left = allowance.units * _times(rule, months, allowance.per) - _before(rule, reading, allowance.per)
    return min(units, max(NOTHING, left))


def _limits(rule: UtilityRule, reading: Reading, times: Fraction) -> Iterator[tuple[Fraction, Step, Fraction | None]]:
    """Each tier with the units above which it begins and up to which it goes."""
    more = max(0, reading.household - rule.tiers.people) * rule.tiers.each_adds
    above = NOTHING
    for step in rule.tiers.steps:
        up_to = None if step.up_to is None else (step.up_to + more) * times
        yield above, step, up_to
        above = above if up_to is None else up_to


def _within(above: Fraction, up_to: Fraction | None, before: Fraction, units: Fraction) -> Fraction:
    """How many of some units, which begin where those before end, lie in a tier."""
    end = before + units if up_to is None else min(before + units, up_to)
    return max(NOTHING, end - max(before, above))


def _base_fees(rule: UtilityRule, reading: Reading, months: _Months) -> Iterator[Piece]:
    for fee in rule.base_fees:
        if fee.price is not None:
            price = fee.price
        elif reading.size is None:
            raise _invalid("size", f"must be said: {fee.place} goes by it")
        elif reading.size not in fee.by_size:
            missing = f"{fee.place}.by_size.{reading.size}"
            raise RuleMissing(f"{fee.place} has no price for the size {reading.size}", place=missing)
        else:
            price = fee.by_size[reading.size]
        if price and fee.monthly:
            facts = {"fee": fee.title, "months": number(months.count)}
            yield Piece("base_fee_months", price * months.count, fee.place, facts)
        elif price:
            yield Piece("base_fee", price, fee.place, {"fee": fee.title})


def _add_ons(rule: UtilityRule, reading: Reading, months: _Months) -> Iterator[Piece]:
    for one in rule.add_ons:
        before = one.share_of_units * _before(rule, reading, one.per)
        free = one.free_units * _times(rule, months, one.per)
        charged = sum(
            (
                max(NOTHING, before + one.share_of_units * units - free) - max(NOTHING, before - free)
                for units in months.units
            ),
            NOTHING,
        )
        if charged and one.rate:
            facts = {"add_on": one.title, "name": one.name, **_priced(rule, charged, one.rate)}
            yield Piece("add_on", charged * one.rate, one.place, facts)


def _priced(rule: UtilityRule, units: Fraction, rate: Fraction) -> dict[str, int | str]:
    """The facts about units at a price; the price in the main unit of the currency."""
    return {"units": number(units), "unit": rule.unit, "price": number(rate / 10**rule.money.digits)}


def _rounded_once(
    rule: UtilityRule, charges: Sequence[_Charge], allowance: Allowance | None, others: Sequence[Piece]
) -> Quote:
    """A quote whose total is exact until it is rounded."""
    pieces = [charge.piece for charge in charges]
    free = sum((charge.free for charge in charges), NOTHING)
    if free and allowance is not None:
        pieces.append(Piece("free_units", -free, allowance.place, {"allowance": allowance.title}, allowance.sponsor))
    of_units = _sum(pieces)
    pieces += others
    if rule.tax is not None:
        taxed = of_units if rule.tax.on_units else _sum(pieces)
        pieces.append(_tax_piece(rule, rule.tax, taxed))
    return settle(pieces, rule.rounding, rule.place)


def _each_rounded(
    rule: UtilityRule, charges: Sequence[_Charge], allowance: Allowance | None, others: Sequence[Piece]
) -> Quote:
    """A quote of lines that are rounded one by one. What is free of a line is what rounding the rest of it leaves."""
    lines = [_line(charge.piece, rule.rounding) for charge in charges]
    of_units = sum(rule.rounding.settle(charge.piece.amount - charge.free) for charge in charges)
    free = sum(line.minor for line in lines) - of_units
    if free and allowance is not None:
        lines.append(Line("free_units", -free, allowance.place, {"allowance": allowance.title}, allowance.sponsor))
    lines += [_line(piece, rule.rounding) for piece in others]
    if rule.tax is not None:
        taxed = of_units if rule.tax.on_units else sum(line.minor for line in lines)
        lines.append(_line(_tax_piece(rule, rule.tax, Fraction(taxed)), rule.rounding))
    return quote_of(lines)


def _sum(pieces: Sequence[Piece]) -> Fraction:
    return sum((Fraction(piece.amount) for piece in pieces), NOTHING)


def _tax_piece(rule: UtilityRule, tax: Tax, taxed: Fraction) -> Piece:
    more = tax.factor - ONE
    return Piece("bill_tax", taxed * more, f"{rule.place}.tax", {"tax": tax.title, "percent": number(more * 100)})


def _line(piece: Piece, rounding: Rounding) -> Line:
    return Line(piece.what, rounding.settle(Fraction(piece.amount)), piece.rule, piece.facts, piece.sponsor)
