"""Rides of a file, rated with what the file tells about their cards: earlier rides, passes, and totals that a card brings along."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, TariffError
from citizencard.tariffs.events.reading import Event
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.transit.entitlements import Carried, PassSale, carry, sell_pass
from citizencard.tariffs.transit.history import History, rate_ride
from citizencard.tariffs.transit.model import Bands, Cap, Lifetime, RideCount
from citizencard.tariffs.transit.plans import rules_of
from citizencard.tariffs.transit.rides import Ride

CARD: Final = "card"
"""What a card is called that the file does not name."""

Fields = Mapping[str, Any]


def price_rides(tariff: Tariff, events: Sequence[Event]) -> dict[int, Quote | TariffError | None]:
    """Rides, sold passes and what cards bring along, in the order of their times; answers by number; None: it costs nothing.

    Nothing is raised: a ride that cannot be priced is answered with its refusal, and leaves its card as it was.
    """
    chosen = [event for event in events if event.kind in ACTS]
    histories: dict[str, History] = {}
    answers: dict[int, Quote | TariffError | None] = {}
    for event in sorted(chosen, key=lambda event: datetime.fromisoformat(event.fields["at"])):
        history = histories.setdefault(event.fields.get("card", CARD), History())
        try:
            answers[event.number] = ACTS[event.kind](tariff, event.fields, history)
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
    sale = PassSale(fields["pass"], int(fields["class"], 16), datetime.fromisoformat(fields["at"]))
    return sell_pass(tariff, sale, history)


def _carry(tariff: Tariff, fields: Fields, history: History) -> None:
    """Begin a card's totals where its life before the file has left them; all of them, or none when one cannot be."""
    transit = rules_of(tariff)
    at = datetime.fromisoformat(fields["at"])
    counted: tuple[tuple[str, Iterable[Bands | Cap | RideCount | Lifetime], Callable[[Any], int]], ...] = (
        ("paid", (*transit.bands, *transit.caps), tariff.money.amount),
        ("rides", transit.ride_counts, int),
        ("years", transit.lifetime, int),
    )
    brought = []
    for field, rules, number in counted:
        known = {rule.name for rule in rules}
        for name, total in fields.get(field, {}).items():
            if name not in known:
                reason = f"names {name}, which is no rule that counts what was {_COUNTED[field]}"
                raise EventInvalid(f"{field} {reason}", field=field, reason=reason)
            brought.append(Carried(name, at, number(total)))
    for carried in brought:
        carry(tariff, carried, history)


_COUNTED: Final = {"paid": "paid", "rides": "ridden", "years": "ridden for years"}

ACTS: Final[Mapping[str, Callable[[Tariff, Fields, History], Quote | None]]] = {
    "ride": _ride,
    "pass": _pass,
    "carry": _carry,
}
"""Kinds of events that a card's history consists of."""
