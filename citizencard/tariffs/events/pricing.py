"""Events priced one by one: what one of them cannot be priced for stops none of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, TariffError
from citizencard.tariffs.events.behind import behind_unpriced
from citizencard.tariffs.events.bills import Households
from citizencard.tariffs.events.reading import Event
from citizencard.tariffs.events.rides import price_rides
from citizencard.tariffs.events.single import SINGLE
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.sentences import sentence


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event.

    Args:
        event: which.
        quote: its price; None when it has none, or could not be priced.
        refusal: why it could not be priced.
        expected: what the file says that it costs, in minor units; None: it does not say.
        after: an earlier event of the same card or household that has no price, so that this price may be another.
    """

    event: Event
    quote: Quote | None = None
    refusal: TariffError | None = None
    expected: int | None = None
    after: Event | None = None

    @property
    def is_as_expected(self) -> bool:
        """Whether it costs what the file says; without a word about it nothing is unexpected."""
        return self.expected is None or (self.quote is not None and self.quote.minor == self.expected)

    @property
    def is_good(self) -> bool:
        """Whether it could be priced, and as expected."""
        return self.refusal is None and self.is_as_expected

    def as_data(self, money: Money) -> dict[str, Any]:
        """Plain values for machines: the price as text and in minor units, its lines and sentences, or why there is none."""
        data: dict[str, Any] = {"event": self.event.number, "kind": self.event.kind}
        if "note" in self.event.fields and self.event.refusal is None:
            data["note"] = self.event.fields["note"]
        if self.quote is not None:
            data |= {"price": money.text(self.quote.minor), **self.quote.as_data()}
            data["sponsors"] = self.quote.sponsored()
            data["sentence"] = {"zh": sentence(self.quote, money, "zh"), "en": sentence(self.quote, money, "en")}
        if self.refusal is not None:
            data["error"] = {"code": self.refusal.code, "message": str(self.refusal), **self.refusal.public_fields()}
        if self.after is not None:
            data["after_unpriced"] = self.after.number
        if self.expected is not None:
            data |= {"expect": money.text(self.expected), "as_expected": self.is_as_expected}
        return data


def price_events(tariff: Tariff, events: Sequence[Event]) -> list[Outcome]:
    """Price the events of a file; answers in their order.

    Rides of a card are priced in the order of their times with its full history in the file, bills of a household in the order of the
    file. Nothing is raised: what cannot be priced says why.
    """
    answers: dict[int, Quote | TariffError | None] = {
        event.number: event.refusal for event in events if event.refusal is not None
    }
    sound = [event for event in events if event.refusal is None]
    answers |= price_rides(tariff, sound)
    households = Households()
    for event in sound:
        try:
            if event.kind in SINGLE:
                answers[event.number] = SINGLE[event.kind](tariff, event.fields)
            elif event.kind == "bill":
                answers[event.number] = households.bill(tariff, event.fields)
        except TariffError as refusal:
            answers[event.number] = refusal
    behind = behind_unpriced(events, {number for number, one in answers.items() if isinstance(one, TariffError)})
    return [_outcome(event, answers[event.number], tariff.money, behind.get(event.number)) for event in events]


def total(outcomes: Sequence[Outcome]) -> tuple[int, Mapping[str, int]]:
    """What all events cost, and what each sponsor pays, in minor units."""
    minor, sponsors = 0, dict[str, int]()
    for outcome in outcomes:
        if outcome.quote is not None:
            minor += outcome.quote.minor
            for sponsor, share in outcome.quote.sponsored().items():
                sponsors[sponsor] = sponsors.get(sponsor, 0) + share
    return minor, sponsors


def _outcome(event: Event, answer: Quote | TariffError | None, money: Money, after: Event | None) -> Outcome:
    expected = money.amount(event.fields["expect"]) if event.refusal is None and "expect" in event.fields else None
    if isinstance(answer, TariffError):
        return Outcome(event, refusal=_as_the_file_says(answer), expected=expected)
    return Outcome(event, quote=answer, expected=expected, after=after)


def _as_the_file_says(refusal: TariffError) -> TariffError:
    """An engine's refusal in the words of a file: its fields have other names there, and the sentence begins with the field."""
    if not isinstance(refusal, EventInvalid):
        return refusal
    field, reason, said = (_named(str(text)) for text in (refusal.fields["field"], refusal.fields["reason"], refusal))
    told = said if said.startswith((f"{field} ", f"{field}:", f"{field}.")) else f"{field}: {said}"
    return EventInvalid(told, field=field, reason=reason)


def _named(text: str) -> str:
    for ours, of_a_file in _NAMES.items():
        text = text.replace(ours, of_a_file)
    return text


_NAMES: Final[Mapping[str, str]] = {"card_class": "class", "period_from": "from", "period_to": "to"}
