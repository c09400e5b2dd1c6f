"""The price of a ride from its record alone, to the minor unit, with every piece of its reason: what a device charges, too."""

from collections.abc import Mapping

from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid
from citizencard.tariffs.quotes import Line, Quote, quote_of
from citizencard.tariffs.transit.chains import Transferred, find_transfer, starting_anchor
from citizencard.tariffs.transit.fares import FullFare
from citizencard.tariffs.transit.plans import MAX_KEPT, Discount, Plan, percent, plan_of, shared
from citizencard.tariffs.transit.rides import Anchor, Priced, Ride, check_time

__all__ = ["Anchor", "Priced", "Ride", "companion_lines", "own_lines", "price"]


def price(tariff: Tariff, ride: Ride) -> Priced:
    """Price a ride: full fare, the first concession that fits, the first transfer rule that a device can judge and that fits, companions.

    A rule that limits transfers by day, or to more than one in a row, is left to the rating with history: a card carries no counts.
    A ride whose exit is not known counts by its entry in every window.

    Raises:
        RuleMissing: the tariff does not say what such a ride costs; with the place of the rule.
        EventInvalid: such a ride cannot be.
    """
    check_time(ride.at, "at")
    plan = plan_of(tariff, ride.line, ride.card_class)
    wall = ride.at.astimezone(tariff.offset)
    full = plan.full_fare(ride, wall)
    discount = plan.discount(wall)
    anchor = ride.anchor
    if anchor is not None and anchor.at.tzinfo is None:
        raise EventInvalid("a time must have an offset from UTC", field="anchor", reason="no offset")
    if anchor is not None and plan.device_transfers:
        transferred = find_transfer(plan, plan.device_transfers, ride, lambda _: anchor)
        if transferred is not None:
            quote = quote_of(own_lines(plan, full, discount, transferred) + companion_lines(plan, ride, full))
            return Priced(quote, full.minor, transferred=True, next_anchor=_carried_on(plan, ride, transferred))
    quote = _quote_alone(plan, ride, full, discount)
    return Priced(quote, full.minor, transferred=False, next_anchor=starting_anchor(plan, ride))


def own_lines(plan: Plan, full: FullFare, discount: Discount | None, transferred: Transferred | None) -> list[Line]:
    """The pieces of what the holder pays: the full fare, and what is taken off in the order that the transfer rule names."""
    rule = None if transferred is None else transferred.rule
    own = plan.own(full.minor, discount, rule)
    lines = [full.line]
    if discount is not None and own.discount:
        lines.append(Line(discount.what, own.discount, discount.rule, discount.facts, discount.sponsor))
    if transferred is not None and own.transfer:
        reduction = _transfer_line(transferred, own.transfer)
        lines.insert(1 if transferred.rule.reduce_first else len(lines), reduction)
    return lines


def companion_lines(plan: Plan, ride: Ride, full: FullFare) -> list[Line]:
    """What those pay who ride on somebody else's card.

    Raises:
        EventInvalid: there are fewer than one, or the card may not be used for so many.
    """
    others = ride.persons - 1
    if others == 0:
        return []
    rule = plan.companions
    if others < 0 or rule is None or others > rule.most:
        most = 0 if rule is None else rule.most
        raise EventInvalid(
            f"{ride.persons} persons on a card whose holder may take {most} others",
            field="persons",
            reason=f"1 to {most + 1}",
        )
    each = shared(full.minor, rule.pays, plan.rounding)
    facts: Mapping[str, int | str] = {"others": others, "each_minor": each, "pays": percent(rule.pays)}
    return [Line("companions", others * each, rule.place, facts)] if each else []


def _quote_alone(plan: Plan, ride: Ride, full: FullFare, discount: Discount | None) -> Quote:
    """The quote of a ride that is no transfer; where the words are always the same it is kept."""
    if ride.persons != 1 or not full.constant:
        return quote_of(own_lines(plan, full, discount, None) + companion_lines(plan, ride, full))
    key = (full.line.rule, discount and discount.rule)
    quote = plan.quotes.get(key)
    if quote is None:
        quote = quote_of(own_lines(plan, full, discount, None))
        if len(plan.quotes) < MAX_KEPT:
            plan.quotes[key] = quote
    return quote


def _carried_on(plan: Plan, ride: Ride, transferred: Transferred) -> Anchor | None:
    """What the card carries after a transfer: nothing where one was all, else the ride that the window goes on counting from."""
    if transferred.rule.most_in_a_row == 1:
        return None
    return transferred.anchor if transferred.rule.counts_from_first else starting_anchor(plan, ride)


def _transfer_line(transferred: Transferred, minor: int) -> Line:
    rule, anchor = transferred.rule, transferred.anchor
    age = transferred.at - anchor.at
    facts: dict[str, int | str] = {
        "from_line": anchor.line,
        "from_at": anchor.at.isoformat(),
        "minutes": (age.days * 86_400 + age.seconds) // 60,
        "window_minutes": transferred.window_minutes,
    }
    return Line("transfer", minor, rule.place, facts, rule.sponsor)
