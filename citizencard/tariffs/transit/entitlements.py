"""What a card brings along: passes that are bought, and totals of the time before its rides were known here."""

from datetime import datetime
from typing import Final, NamedTuple

from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.quotes import Line, Quote, quote_of
from citizencard.tariffs.transit.model import Transit
from citizencard.tariffs.transit.periods import operating_day, period_of
from citizencard.tariffs.transit.plans import rules_of
from citizencard.tariffs.transit.rides import check_time
from citizencard.tariffs.transit.states import History

MAX_CARRIED: Final = 10**9
"""Highest total that can be carried in: minor units, rides or years."""


class PassSale(NamedTuple):
    """Somebody buys a pass.

    Args:
        name: of the pass in the tariff.
        card_class: class byte of the card.
        at: a time within the period that it is for; aware.
    """

    name: str
    card_class: int
    at: datetime


class Carried(NamedTuple):
    """A total from before the first ride that is rated.

    Args:
        rule: name of the band, ride count, lifetime rule or cap.
        at: a time within the period that it belongs to; aware.
        total: minor units for bands and caps, rides for ride counts, years with enough rides for lifetime.
    """

    rule: str
    at: datetime
    total: int


def sell_pass(tariff: Tariff, sale: PassSale, history: History) -> Quote:
    """Price a pass, and let the card have it: for the operating days of its period, whose rides lapse with it.

    Rides of a counted pass that is bought again within its period are added.

    Raises:
        RuleMissing: the tariff has no such pass, or no such class.
        EventInvalid: the pass is not for this class of card.
    """
    transit = rules_of(tariff)
    sold = transit.passes.get(sale.name)
    if sold is None:
        raise RuleMissing(f"the tariff has no pass {sale.name}", place=f"transit.passes.{sale.name}")
    if sale.card_class not in transit.classes:
        byte = f"{sale.card_class:02X}"
        raise RuleMissing(f"the tariff has no card class {byte}", place=f"transit.classes.{byte}")
    if sold.scope.classes is not None and sale.card_class not in sold.scope.classes:
        raise EventInvalid(
            f"pass {sale.name} is not for class {sale.card_class:02X}", field="card_class", reason="not for this class"
        )
    period = _period(tariff, transit, sold.period, sale.at)
    left = history.passes.get(sale.name, {}).get(period, 0)
    history.put_pass(sale.name, period, None if sold.rides is None or left is None else left + sold.rides)
    facts: dict[str, int | str] = {"name": sale.name, "period": sold.period, "from": period}
    return quote_of([Line("pass_sale", sold.price, sold.place, facts)])


def carry(tariff: Tariff, carried: Carried, history: History) -> None:
    """Let a card's history begin with a total instead of nothing.

    Raises:
        RuleMissing: the tariff has no band, ride count, lifetime rule or cap of that name.
        EventInvalid: the total is below 0, or above any that can be.
    """
    transit = rules_of(tariff)
    if not 0 <= carried.total <= MAX_CARRIED:
        raise EventInvalid(f"a total is 0 to {MAX_CARRIED}", field="total", reason="not in that range")
    if any(life.name == carried.rule for life in transit.lifetime):
        history.put_years(f"lifetime.{carried.rule}", carried.total)
        return
    for kind, rules in (("bands", transit.bands), ("ride_counts", transit.ride_counts), ("caps", transit.caps)):
        for rule in rules:
            if rule.name == carried.rule:
                period = _period(tariff, transit, rule.period, carried.at)
                history.put(f"{kind}.{rule.name}", period, carried.total)
                return
    raise RuleMissing(f"the tariff has no rule over a period named {carried.rule}", place="transit")


def _period(tariff: Tariff, transit: Transit, period: str, at: datetime) -> str:
    check_time(at, "at")
    return period_of(transit, period, operating_day(transit, at.astimezone(tariff.offset)))
