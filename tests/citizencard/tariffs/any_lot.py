"""Any lot, and what a stay in it costs when it is reckoned minute by minute, without any of the product's code."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

MINUTES = st.integers(1, 200)
PRICES = st.integers(0, 2_000).map(lambda fen: f"{fen // 100}.{fen % 100:02}")
Rule = dict[str, Any]


@st.composite
def charges(draw: st.DrawFn) -> Rule:
    """A charge by steps of any kind, by the period or by the visit."""
    kind = draw(st.sampled_from(("steps", "steps", "steps", "a_period", "a_visit")))
    if kind != "steps":
        return {kind: draw(PRICES)}
    first = draw(MINUTES)
    steps = [{"up_to_minutes": first * draw(st.integers(1, 4)), "each_minutes": first, "price": draw(PRICES)}]
    last = {"each_minutes": draw(MINUTES), "price": draw(PRICES)}
    return {
        "steps": [*steps[: draw(st.integers(0, 1))], last],
        "part_of_step": draw(st.sampled_from(("counts", "free", "by_minute"))),
    }


@st.composite
def lots(draw: st.DrawFn) -> Rule:
    """Any rule whose price cannot fall with the length of the stay: without a price for long stays."""
    hours = draw(st.lists(st.integers(0, 23), min_size=2, max_size=2, unique=True))
    when = {"hours": {"from": f"{hours[0]:02}:00", "until": f"{hours[1]:02}:00"}}
    listed = [draw(charges()) | {"when": when}, draw(charges())][: draw(st.integers(1, 2))]
    period = draw(st.sampled_from(("24_hours", "calendar_day", "stay")))
    rule: Rule = {"title": "lot", "charges": listed, "period": period, "free": {"minutes": draw(st.integers(0, 120))}}
    rule["free"]["longer_stays"] = draw(st.sampled_from(("charged_from_entry", "charged_after")))
    if period != "stay":
        rule["next_period"] = draw(st.sampled_from(("restarts", "continues")))
        rule["free"]["again"] = draw(st.sampled_from(("never", "every_period")))
        rule |= {"free_period_every": draw(st.integers(2, 7))} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        rule["most_a_period"] = draw(PRICES)
    if draw(st.booleans()):
        rule["rounding"] = {"to": "0.10", "how": draw(st.sampled_from(("half_up", "half_even", "up", "down")))}
    return rule


def by_minute(rule: Rule, entered_at: datetime, minutes: int) -> Fraction:
    """The exact price in fen of a stay that begins at a whole minute, before rounding: each minute is looked at by itself."""
    free = rule["free"]
    again, after = free.get("again") == "every_period", free["longer_stays"] == "charged_after"
    if minutes <= free["minutes"] and not again:
        return Fraction(0)
    total, before, visited = Fraction(0), [0, 0], [False, False]
    for number, period in enumerate(_periods(rule["period"], entered_at, minutes), 1):
        if number % rule.get("free_period_every", number + 1) == 0:
            continue
        if again and len(period) <= free["minutes"]:
            continue
        skipped = free["minutes"] if after and again else 0
        inside = [minute for minute in period[skipped:] if not after or again or minute >= free["minutes"]]
        paid = Fraction(0)
        for minute in inside:
            index = _charge_at(rule, entered_at + timedelta(minutes=minute))
            if index is not None:
                charge = rule["charges"][index]
                paid += _fen(charge["a_visit"]) if "a_visit" in charge and not visited[index] else 0
                paid += _step(charge, before[index]) if "steps" in charge else 0
                visited[index] = True
                before[index] += 1
        for index in {_charge_at(rule, entered_at + timedelta(minutes=minute)) for minute in inside} - {None}:
            paid += _fen(rule["charges"][index].get("a_period", "0"))
        total += min(paid, Fraction(_fen(rule["most_a_period"]))) if "most_a_period" in rule else paid
        if rule.get("next_period") != "continues":
            before = [0, 0]
    return total


def _periods(kind: str, entered_at: datetime, minutes: int) -> Iterator[list[int]]:
    """The minutes of the stay, counted from 0, by period."""
    midnight = entered_at.replace(hour=0, minute=0)
    shift = (entered_at - midnight) // timedelta(minutes=1) if kind == "calendar_day" else 0
    length = minutes + 1 if kind == "stay" else 1440
    for first in range(0, shift + minutes, length):
        yield [one - shift for one in range(first, first + length) if 0 <= one - shift < minutes]


def _charge_at(rule: Rule, at: datetime) -> int | None:
    for index, charge in enumerate(rule["charges"]):
        if "when" not in charge:
            return index
        since, until = (int(charge["when"]["hours"][name][:2]) for name in ("from", "until"))
        if since <= at.hour < until or (until < since and (at.hour >= since or at.hour < until)):
            return index
    return None


def _step(charge: Rule, before: int) -> Fraction:
    """What the next charged minute costs: a whole step at its first minute, or at its last, or its share."""
    start = 0
    for step in charge["steps"]:
        end = step.get("up_to_minutes")
        if end is not None and before >= end:
            start = end
            continue
        into = (before - start) % step["each_minutes"]
        if charge["part_of_step"] == "by_minute":
            return Fraction(_fen(step["price"]), step["each_minutes"])
        is_due = into == 0 if charge["part_of_step"] == "counts" else into == step["each_minutes"] - 1
        return Fraction(_fen(step["price"]) if is_due else 0)
    raise AssertionError(charge)


def _fen(text: str) -> int:
    return int(Fraction(text) * 100)
