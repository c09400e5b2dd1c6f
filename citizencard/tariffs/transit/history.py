"""Rides rated with all that is known about their cards: the true chain of transfers, bands, passes, ride counts, lifetime, caps."""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import NamedTuple

from citizencard.tariffs.document import Tariff
from citizencard.tariffs.quotes import Line, Quote, quote_of
from citizencard.tariffs.transit.chains import Transferred, find_transfer, starting_anchor
from citizencard.tariffs.transit.fares import possible_fares
from citizencard.tariffs.transit.model import Lifetime, Pass, Reduction, Transfer
from citizencard.tariffs.transit.periods import operating_day, period_of
from citizencard.tariffs.transit.plans import Discount, Facts, Scoped, percent, plan_of, rules_of, shared
from citizencard.tariffs.transit.pricing import companion_lines, own_lines, price
from citizencard.tariffs.transit.rides import Anchor, Priced, Ride
from citizencard.tariffs.transit.states import Chain, History

__all__ = ["CardRide", "History", "Rated", "possible_fares", "rate", "rate_ride"]


class CardRide(NamedTuple):
    """A ride of a card.

    Args:
        card: whose history it belongs to.
        ride: what happened.
        id: by which the caller knows it again.
        paid: what the holder paid, where that was less than the price, in minor units: it counts for caps and bands. None: the price.
    """

    card: str
    ride: Ride
    id: str
    paid: int | None = None


class Rated(NamedTuple):
    """A ride rated with its card's history.

    Args:
        card_ride: which.
        quote: price and reason by all rules; never above the price from the record alone.
        alone: the price from the record alone.
    """

    card_ride: CardRide
    quote: Quote
    alone: Priced


def rate(tariff: Tariff, rides: Iterable[CardRide], histories: MutableMapping[str, History]) -> Iterator[Rated]:
    """Rate rides of one or many cards.

    Args:
        tariff: whose rules hold.
        rides: of each card in the order of its taps; how the cards are mixed does not matter.
        histories: by card; continued in place, and begun for cards that have none.

    Raises:
        RuleMissing, EventInvalid: as `price`; the history is then as before that ride.
    """
    for card_ride in rides:
        history = histories.get(card_ride.card)
        if history is None:
            history = histories[card_ride.card] = History()
        quote, alone = rate_ride(tariff, card_ride.ride, history, card_ride.paid)
        yield Rated(card_ride, quote, alone)


def rate_ride(tariff: Tariff, ride: Ride, history: History, paid: int | None = None) -> tuple[Quote, Priced]:
    """Rate one ride, and continue its card's history: price by all rules, and price from the record alone.

    What the holder paid, in minor units, counts for caps and bands where it was less than the price.

    Raises:
        RuleMissing, EventInvalid: as `price`; the history is then as before.
    """
    alone = price(tariff, ride)
    rating = _Rating(tariff, ride, history)
    quote = rating.quote()
    if quote.minor > alone.quote.minor:
        quote = alone.quote
        rating.used_pass = None
    rating.remember(quote, alone, paid)
    return quote, alone


class _Rating:
    """One ride on its way through all rules; nothing is remembered before `remember`."""

    def __init__(self, tariff: Tariff, ride: Ride, history: History) -> None:
        self._plan = plan_of(tariff, ride.line, ride.card_class)
        self._transit, self._ride, self._history = rules_of(tariff), ride, history
        self._wall = ride.at.astimezone(tariff.offset)
        self._day = operating_day(self._transit, self._wall)
        self._full = self._plan.full_fare(ride, self._wall)
        self._transferred = self._find_transfer()
        self._lines: list[Line] = []
        self._minor = 0
        self.used_pass: Pass | None = None

    def quote(self) -> Quote:
        """The quote by all rules."""
        discount = self._band() or self._plan.discount(self._wall)
        self._lines = own_lines(self._plan, self._full, discount, self._transferred)
        self._minor = sum(line.minor for line in self._lines)
        self._use_pass()
        self._use_ride_count()
        self._use_lifetime()
        for cap in self._plan.caps:
            paid = self._total(f"caps.{cap.name}", cap.period)
            facts: Facts = {"by": cap.period, "name": cap.name, "most_minor": cap.most, "paid_minor": paid}
            self._take("cap", max(0, cap.most - paid), cap, facts)
        return quote_of(self._lines + companion_lines(self._plan, self._ride, self._full))

    def remember(self, quote: Quote, alone: Priced, charged: int | None) -> None:
        """Continue the history with what the ride costs in the end."""
        paid = sum(line.minor for line in quote.lines if line.what != "companions")
        if charged is not None:
            paid = min(paid, charged)
        for bands in self._plan.bands:
            self._add(f"bands.{bands.name}", bands.period, self._full.minor if bands.of_full else paid)
        for cap in self._plan.caps:
            self._add(f"caps.{cap.name}", cap.period, paid)
        for count in self._plan.ride_counts:
            self._add(f"ride_counts.{count.name}", count.period, 1)
        for life in self._plan.lifetime:
            self._add_to_life(life)
        if self.used_pass is not None:
            self._count_down(self.used_pass)
        if self._transferred is not None and self._transferred.rule.most_a_day is not None:
            self._add(f"transfers.{self._transferred.rule.name}", "day", 1)
        if not self._is_late():
            self._history.latest_at = self._ride.at
            self._history.chain = self._next_chain(alone)

    def _find_transfer(self) -> Transferred | None:
        chain, carried = self._history.chain, self._ride.anchor
        if self._history.latest_at is None and carried is not None:
            chain = Chain(carried, carried)  # of the time before the first ride that is known, the card knows more
        if chain is None or self._is_late():
            return None

        def anchor_of(rule: Transfer) -> Anchor | None:
            if rule.most_in_a_row is not None and chain.in_a_row >= rule.most_in_a_row:
                return None
            if rule.most_a_day is not None and self._total(f"transfers.{rule.name}", "day") >= rule.most_a_day:
                return None
            return chain.first if rule.counts_from_first else chain.previous

        return find_transfer(self._plan, self._plan.transfers, self._ride, anchor_of)

    def _next_chain(self, alone: Priced) -> Chain | None:
        """What the next ride can be a transfer from."""
        chain, carried, transferred = self._history.chain, self._ride.anchor, self._transferred
        here = starting_anchor(self._plan, self._ride)
        if transferred is not None:
            first, in_a_row = (transferred.anchor, 1) if chain is None else (chain.first, chain.in_a_row + 1)
            most = transferred.rule.most_in_a_row
            return None if most is not None and in_a_row >= most else Chain(first, here, in_a_row)
        if alone.transferred and carried is not None:
            # The card has seen a ride that is not known here, or not yet: the chain goes on as the card says.
            return None if alone.next_anchor is None else Chain(carried, here, 1)
        return Chain(here, here)

    def _is_late(self) -> bool:
        """Whether a later ride is rated already: then this one is no part of its chain."""
        latest_at = self._history.latest_at
        return latest_at is not None and self._ride.at < latest_at

    def _band(self) -> Discount | None:
        for bands in self._plan.bands:
            total = self._total(f"bands.{bands.name}", bands.period)
            reached = [index for index, (above, _) in enumerate(bands.steps) if total > above or above == 0]
            if reached:
                above, pays = bands.steps[reached[-1]]
                facts: Facts = {
                    "name": bands.name,
                    "so_far_minor": total,
                    "above_minor": above,
                    "pays": percent(pays),
                }
                place = f"{bands.place}.steps.{reached[-1]}"
                return Discount("band", place, Reduction(pays=pays), facts, bands.sponsor)
        return None

    def _use_pass(self) -> None:
        """A pass with rides left; none is used up where it would take nothing off."""
        for one in self._plan.passes:
            left = self._history.passes.get(one.name, {}).get(self._period(one.period), 0)
            if left == 0 or (one.scope.when is not None and not one.scope.when.holds(self._wall)):
                continue
            facts: Facts = (
                {"name": one.name} if left is None else {"by": "rides", "name": one.name, "rides_left": left - 1}
            )
            if self._take("pass", shared(self._full.minor, one.pays, self._plan.rounding), one, facts):
                self.used_pass = one
                return

    def _use_ride_count(self) -> None:
        for count in self._plan.ride_counts:
            rides = self._total(f"ride_counts.{count.name}", count.period)
            if rides >= count.after:
                facts: Facts = {"name": count.name, "rides": rides, "after": count.after, "pays": percent(count.pays)}
                self._take("ride_count", shared(self._minor, count.pays, self._plan.rounding), count, facts)
                return

    def _use_lifetime(self) -> None:
        for life in self._plan.lifetime:
            years = self._years(life)
            if years >= life.years:
                facts: Facts = {"name": life.name, "years": years, "after": life.years, "pays": percent(life.pays)}
                self._take("lifetime", shared(self._minor, life.pays, self._plan.rounding), life, facts)
                return

    def _years(self, life: Lifetime) -> int:
        """Years before this one with enough rides."""
        rule, this_year = f"lifetime.{life.name}", self._period("year")
        known = self._history.totals.get(rule, {})
        enough = sum(1 for year, rides in known.items() if year < this_year and rides >= life.rides_a_year)
        return self._history.years.get(rule, 0) + enough

    def _add_to_life(self, life: Lifetime) -> None:
        rule = f"lifetime.{life.name}"
        forgotten = self._add(rule, "year", 1)
        if forgotten is not None and forgotten[1] >= life.rides_a_year:
            self._history.put_years(rule, self._history.years.get(rule, 0) + 1)

    def _take(self, what: str, target: int, rule: Scoped, facts: Facts) -> bool:
        """Lower the price to a target, with a line that says why; whether it was above it."""
        off = self._minor - target
        if off <= 0:
            return False
        self._lines.append(Line(what, -off, rule.place, facts, rule.sponsor))
        self._minor = target
        return True

    def _count_down(self, used: Pass) -> None:
        period = self._period(used.period)
        left = self._history.passes[used.name][period]
        if left is not None:
            self._history.put_pass(used.name, period, left - 1)

    def _total(self, rule: str, period: str) -> int:
        return self._history.total(rule, self._period(period))

    def _add(self, rule: str, period: str, more: int) -> tuple[str, int] | None:
        return self._history.put(rule, self._period(period), self._total(rule, period) + more)

    def _period(self, period: str) -> str:
        return period_of(self._transit, period, self._day)
