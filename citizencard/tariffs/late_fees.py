"""What a bill that was not paid in time costs on top, and why (README.md beside this file).

Days. The due date and `grace_days` after it are free. Every later day counts, the day of asking or of paying too: due on the 1st and
asked on the 21st are twenty days. A payment lowers what is open from the next day on. Days on which nothing is open cost nothing.

Per day. A day costs a share of the whole bill or of what is open (`of`); which share, the last of `per_day` whose `from_day` the day has
reached says, the first day after the grace being day 1. From 1 January after the due date on, `per_day_past_year` holds instead.

Once. A surcharge is made on the day after so many days or months, counted from the end of the grace (`after_days` 0: on the first late
day), when the bill is open on it. A late fee is never reckoned on a late fee.

The exact sum is rounded once. A fee above nothing is at least `minimum`; none is above `most_share` of the bill, not even the minimum.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from citizencard.tariffs.amounts import Money, Rounding, read_rounding, share
from citizencard.tariffs.checks import Inspection
from citizencard.tariffs.errors import EventInvalid
from citizencard.tariffs.months import add_months
from citizencard.tariffs.quotes import Line, Quote, quote_of
from citizencard.tariffs.settling import Piece, number, settle

MAX_BILL: Final = 10**12
MAX_PAYMENTS: Final = 1_000
LAST_YEAR: Final = 9_900
"""Surcharges come up to ten years later, and the calendar ends with the year 9999."""
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Surcharge:
    """A share that is added once, so many days or months after the end of the grace."""

    place: str
    share: Fraction
    after_days: int | None
    after_months: int | None
    of_bill: bool

    def day(self, last_free: date) -> date:
        """On which day it is made."""
        if self.after_months is not None:
            return add_months(last_free, self.after_months) + ONE_DAY
        return last_free + timedelta(days=(self.after_days or 0) + 1)


@dataclass(frozen=True, slots=True)
class LateFeeRule:
    """What overdue bills cost.

    Args:
        place, title: of the rule.
        utilities: names of the price lists that it is for; None: all.
        grace_days: free days after the due date.
        of_bill: whether days cost a share of the whole bill, else of what is open.
        per_day: (first day, share a day), rising.
        past_year: share a day from 1 January after the due date on; None: as `per_day`.
        once: surcharges.
        minimum: of a fee above nothing, in minor units.
        most_share: the most, as a share of the bill; None: without end.
        rounding: of the fee.
    """

    place: str
    title: str
    utilities: frozenset[str] | None
    grace_days: int
    of_bill: bool
    per_day: tuple[tuple[int, Fraction], ...]
    past_year: Fraction | None
    once: tuple[Surcharge, ...]
    minimum: int
    most_share: Fraction | None
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class Arrears:
    """A bill that was not paid in time.

    Args:
        bill: in minor units, 1 to 10**12.
        due_on: last day to pay.
        on: the day that the fee is asked for.
        payments: (day, minor units) of what was paid of it, in any order, together at most the bill; those after `on` do not count.
    """

    bill: int
    due_on: date
    on: date
    payments: tuple[tuple[date, int], ...] = ()

    def open_on(self, day: date) -> int:
        """What is open on a day: what was paid before it is off, what is paid on it is not."""
        return self.bill - sum(minor for paid_on, minor in self.payments if paid_on < day)


def late_fee(rule: LateFeeRule, arrears: Arrears) -> Quote:
    """The fee as of a day.

    Raises:
        EventInvalid: the bill, its dates or its payments cannot be so; names the field.
    """
    _check(arrears)
    last_free = arrears.due_on + timedelta(days=rule.grace_days)
    pieces = [*_daily(rule, arrears, last_free), *_once(rule, arrears, last_free)]
    if not pieces:
        return quote_of([Line("not_late", 0, rule.place)])
    quote = settle(pieces, rule.rounding, rule.place)
    lines, fee = list(quote.lines), quote.minor
    if fee < rule.minimum:
        facts = {"minimum_minor": rule.minimum}
        lines.append(Line("late_minimum", rule.minimum - fee, f"{rule.place}.minimum", facts))
        fee = rule.minimum
    most = fee if rule.most_share is None else int(arrears.bill * rule.most_share)
    if fee > most:
        percent = {"percent": number((rule.most_share or Fraction(0)) * 100)}
        lines.append(Line("late_most", most - fee, f"{rule.place}.most_share", percent))
    return quote_of(lines)


def _check(arrears: Arrears) -> None:
    if not 1 <= arrears.bill <= MAX_BILL:
        raise _invalid("bill", f"must be from 1 to {MAX_BILL} minor units")
    if max(arrears.due_on, arrears.on).year > LAST_YEAR:
        raise _invalid("on", f"must not be after the year {LAST_YEAR}")
    if len(arrears.payments) > MAX_PAYMENTS:
        raise _invalid("payments", f"must be at most {MAX_PAYMENTS}")
    if any(minor < 1 for _, minor in arrears.payments):
        raise _invalid("payments", "must each be above 0")
    if sum(minor for _, minor in arrears.payments) > arrears.bill:
        raise _invalid("payments", "must not be more than the bill")


def _invalid(field_name: str, reason: str) -> EventInvalid:
    return EventInvalid(f"{field_name} {reason}", field=field_name, reason=reason)


def _daily(rule: LateFeeRule, arrears: Arrears, last_free: date) -> Iterator[Piece]:
    """A piece for each run of days of one share and one amount."""
    if not rule.per_day:
        return
    new_year = date(arrears.due_on.year + 1, 1, 1)
    begins = {last_free + timedelta(days=from_day) for from_day, _ in rule.per_day}
    begins |= {paid_on + ONE_DAY for paid_on, _ in arrears.payments}
    begins |= {last_free + ONE_DAY} | ({new_year} if rule.past_year is not None else set())
    days = sorted(day for day in begins if last_free < day <= arrears.on)
    for first, following in pairwise([*days, arrears.on + ONE_DAY]):
        still_open = arrears.open_on(first)
        if not still_open:
            return
        of = arrears.bill if rule.of_bill else still_open
        what, a_day, place = _share(rule, first, (first - last_free).days, new_year)
        count = (following - first).days
        facts: dict[str, int | str] = {"of_minor": of, "days": count, "first": first.isoformat()}
        facts |= {"last": (following - ONE_DAY).isoformat(), "percent": number(a_day * 100)}
        if a_day:
            yield Piece(what, of * a_day * count, place, facts)


def _share(rule: LateFeeRule, day: date, number_of_day: int, new_year: date) -> tuple[str, Fraction, str]:
    """What a day costs: the kind of its line, the share, and the place of the rule."""
    if rule.past_year is not None and day >= new_year:
        return "late_past_year", rule.past_year, f"{rule.place}.per_day_past_year"
    index = max(at for at, (from_day, _) in enumerate(rule.per_day) if from_day <= number_of_day)
    return "late_days", rule.per_day[index][1], f"{rule.place}.per_day.{index}"


def _once(rule: LateFeeRule, arrears: Arrears, last_free: date) -> Iterator[Piece]:
    for one in rule.once:
        day = one.day(last_free)
        still_open = arrears.open_on(day)
        if day <= arrears.on and still_open and one.share:
            of = arrears.bill if one.of_bill else still_open
            facts: dict[str, int | str] = {"of_minor": of, "day": day.isoformat(), "percent": number(one.share * 100)}
            yield Piece("late_once", of * one.share, one.place, facts)


def inspect(inspection: Inspection, place: str, rule: Mapping[str, Any], _money: Money) -> None:
    """Name what the schema cannot say: no fee at all, steps that do not rise from day 1, surcharges without a time or with two."""
    if not rule.get("per_day") and not rule.get("once") and inspection.sound(place):
        inspection.add(place, "must have per_day or once")
    sound, before = inspection.fields(place, rule), 0
    for index, step in enumerate(sound.get("per_day", ())):
        from_day = step.get("from_day", 1)
        if index == 0 and from_day != 1:
            inspection.add(
                f"{place}.per_day.0.from_day", "must be 1 or left out: the first step begins on the first day"
            )
        elif from_day <= before:
            inspection.add(f"{place}.per_day.{index}.from_day", f"must be above {before}")
        before = max(before, from_day)
    if "per_day_past_year" in rule and "per_day" not in rule:
        inspection.add(f"{place}.per_day_past_year", "must stand beside per_day, which holds until the end of the year")
    for here, entry in inspection.entries(f"{place}.once", rule.get("once")):
        inspection.exactly_one_of(here, entry, ("after_days", "after_months"))


def inspect_references(inspection: Inspection, document: Mapping[str, Any]) -> None:
    """Name every price list that a late fee is for and that the document does not have."""
    rules, known = document.get("late_fees"), document.get("utilities", {})
    for name, rule in rules.items() if isinstance(rules, dict) else ():
        place = f"late_fees.{name}.utilities"
        if not inspection.sound(place) or not isinstance(rule, dict) or not isinstance(known, dict):
            continue
        for index, utility in enumerate(rule.get("utilities", ())):
            if utility not in known:
                inspection.add(f"{place}.{index}", "must be the name of a rule under utilities")


def read_rule(place: str, rule: Mapping[str, Any], money: Money) -> LateFeeRule:
    """Read a rule without mistakes."""
    of_bill = rule["of"] == "bill"
    return LateFeeRule(
        place=place,
        title=rule["title"],
        utilities=frozenset(rule["utilities"]) if "utilities" in rule else None,
        grace_days=rule.get("grace_days", 0),
        of_bill=of_bill,
        per_day=tuple((step.get("from_day", 1), share(step["share"])) for step in rule.get("per_day", ())),
        past_year=share(rule["per_day_past_year"]) if "per_day_past_year" in rule else None,
        once=tuple(
            Surcharge(
                place=f"{place}.once.{index}",
                share=share(entry["share"]),
                after_days=entry.get("after_days"),
                after_months=entry.get("after_months"),
                of_bill=entry["of"] == "bill" if "of" in entry else of_bill,
            )
            for index, entry in enumerate(rule.get("once", ()))
        ),
        minimum=money.amount(rule["minimum"]) if "minimum" in rule else 0,
        most_share=Fraction(rule["most_share"]) if "most_share" in rule else None,
        rounding=read_rounding(rule.get("rounding"), money),
    )
