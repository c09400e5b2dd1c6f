"""Rides of a file, rated with what the file tells about their cards: earlier rides, passes, and totals that a card brings along."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing, TariffError
from citizencard.tariffs.events.reading import Event
from citizencard.tariffs.quotes import Line, Quote, quote_of
from citizencard.tariffs.transit.history import History, rate_ride
from citizencard.tariffs.transit.model import Transit
from citizencard.tariffs.transit.periods import operating_day, period_of
from citizencard.tariffs.transit.rides import Ride

CARD: Final = "card"
"""What a card is called that the file does not name."""

Fields = Mapping[str, Any]


def price_rides(tariff: Tariff, events: Sequence[Event]) -> dict[int, Quote | TariffError | None]:
    """Rides, sold passes and what cards bring along, in the order of their times; answers by number; None: it costs nothing.

    Nothing is raised: a ride that cannot be priced is answered with its refusal, and leaves its card as it was.
    """
    chosen = [event for event in events if event.kind in _ACTS]
    histories: dict[str, History] = {}
    answers: dict[int, Quote | TariffError | None] = {}
    for event in sorted(chosen, key=lambda event: datetime.fromisoformat(event.fields["at"])):
        history = histories.setdefault(event.fields.get("card", CARD), History())
        try:
            answers[event.number] = _ACTS[event.kind](tariff, event.fields, history)
        except TariffError as refusal:
            answers[event.number] = refusal
    return answers


def _ride(tariff: Tariff, fields: Fields, history: History) -> Quote:
    ride = Ride(
        line=fields["line"],
        card_class=int(fields["class"], 16),
        at=datetime.fromisoformat(fields["at"]),
        exit_at=datetime.fromisoformat(fields["exit_at"]) if "exit_at" in fields else None,
        km=Fraction(fields["km"]) if "km" in fields else None,
        from_stop=fields.get("from"),
        to_stop=fields.get("to"),
        persons=fields.get("persons", 1),
        claimed_base=tariff.money.amount(fields["claimed_base"]) if "claimed_base" in fields else None,
    )
    return rate_ride(tariff, ride, history)[0]


def _pass(tariff: Tariff, fields: Fields, history: History) -> Quote:
    """Sell a pass for the period that lies about the time; another one of the same period adds its rides."""
    transit = _transit(tariff)
    name = fields["pass"]
    sold = transit.passes.get(name)
    if sold is None:
        raise RuleMissing(f"the tariff has no pass {name}", place=f"transit.passes.{name}")
    byte = int(fields["class"], 16)
    if sold.scope.classes is not None and byte not in sold.scope.classes:
        raise RuleMissing(f"the pass {name} is not sold to class {fields['class']}", place=f"{sold.place}.classes")
    period = _period(tariff, transit, sold.period, fields)
    left = history.passes.get(name, {}).get(period, 0)
    rides = None if sold.rides is None or left is None else sold.rides + left
    history.put_pass(name, period, rides)
    return quote_of([Line("pass_sale", sold.price, sold.place, {"name": name, "period": sold.period})])


def _carry(tariff: Tariff, fields: Fields, history: History) -> None:
    """Begin a card's totals where its life before the file has left them."""
    transit = _transit(tariff)
    for field, rules, number in (
        ("paid", [*_named(transit, "bands"), *_named(transit, "caps")], tariff.money.amount),
        ("rides", [*_named(transit, "ride_counts"), *_named(transit, "lifetime")], int),
    ):
        for name, total in fields.get(field, {}).items():
            kind, period = _rule(rules, field, name)
            history.put(f"{kind}.{name}", _period(tariff, transit, period, fields), number(total))
    for name, years in fields.get("years", {}).items():
        kind, _ = _rule(_named(transit, "lifetime"), "years", name)
        history.years[f"{kind}.{name}"] = years


def _rule(rules: Iterator[tuple[str, str, str]] | list[tuple[str, str, str]], field: str, name: str) -> tuple[str, str]:
    """List and period of the rule with a name."""
    found = next(((kind, period) for kind, one, period in rules if one == name), None)
    if found is None:
        reason = f"names {name}, which is no rule that counts {field}"
        raise EventInvalid(f"{field} {reason}", field=field, reason=reason)
    return found


def _named(transit: Transit, kind: str) -> Iterator[tuple[str, str, str]]:
    """List, name and period of the rules of a list; years are what lifetime rules count in."""
    for rule in getattr(transit, kind):
        yield kind, rule.name, getattr(rule, "period", "year")


def _period(tariff: Tariff, transit: Transit, period: str, fields: Fields) -> str:
    wall = datetime.fromisoformat(fields["at"]).astimezone(tariff.offset)
    return period_of(transit, period, operating_day(transit, wall))


def _transit(tariff: Tariff) -> Transit:
    if tariff.transit is None:
        raise RuleMissing("the tariff says nothing about rides", place="transit")
    return tariff.transit


_ACTS: Final[Mapping[str, Callable[[Tariff, Fields, History], Quote | None]]] = {
    "ride": _ride,
    "pass": _pass,
    "carry": _carry,
}
