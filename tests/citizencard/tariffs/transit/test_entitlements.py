"""Passes that are bought, and totals that a card brings along."""

from datetime import datetime

import pytest

from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.quotes import Line
from citizencard.tariffs.transit.entitlements import MAX_CARRIED, Carried, PassSale, carry, sell_pass
from citizencard.tariffs.transit.pricing import Ride
from citizencard.tariffs.transit.states import History
from tests.citizencard.tariffs.transit.make_rides import ADULT, STUDENT, at, city, rated_prices

RULES = city(
    day_starts="04:30",
    passes={"month": {"classes": ["01"], "period": "month", "price": "88.00", "rides": 60}, "week": {"period": "week", "price": "20.00"}},
    bands=[{"name": "band", "period": "month", "of": "paid", "steps": [{"above": "10.00", "pays": "0.5"}]}],
    ride_counts=[{"name": "count", "period": "year", "after": 9}],
    lifetime=[{"name": "life", "rides_a_year": 2, "years": 5}],
    caps=[{"name": "cap", "period": "day", "most": "8.00"}],
)  # fmt: skip


def test_pass_is_sold_for_its_period() -> None:
    """A pass that is bought before the day begins is for the month before; bought twice, its rides add up."""
    history = History()
    quote = sell_pass(RULES, PassSale("month", ADULT, at("04:29", 1)), history)
    facts: dict[str, int | str] = {"name": "month", "period": "month", "from": "2026-02-01"}
    assert quote.lines == (Line("pass_sale", 8800, "transit.passes.month", facts),)
    for _ in range(2):
        sell_pass(RULES, PassSale("month", ADULT, at("04:30", 1)), history)
        sell_pass(RULES, PassSale("week", STUDENT, at("08:00")), history)
    assert history.passes == {"month": {"2026-02-01": 60, "2026-03-01": 120}, "week": {"2026-03-02": None}}


def test_pass_that_cannot_be_sold() -> None:
    """A pass that there is not, a class that there is not, a class that it is not for, a time without offset."""
    history = History()
    for sale, refusal in (
        (PassSale("year", ADULT, at("08:00")), RuleMissing),
        (PassSale("month", 0x7F, at("08:00")), RuleMissing),
        (PassSale("month", STUDENT, at("08:00")), EventInvalid),
        (PassSale("month", ADULT, datetime(2026, 3, 2)), EventInvalid),  # noqa: DTZ001 - the naive time is what is tried
    ):
        with pytest.raises(refusal):
            sell_pass(RULES, sale, history)
    assert history == History()


@pytest.mark.parametrize(
    ("rule", "total", "what", "minor"),
    [("band", 1001, "band", 100), ("count", 9, "ride_count", 0), ("life", 5, "lifetime", 0), ("cap", 750, "cap", 50)],
)
def test_totals_from_before(rule: str, total: int, what: str, minor: int) -> None:
    """A city that begins in the middle of a month brings along what its cards have reached; what is one below changes nothing."""
    history, ride = History(), Ride(1, ADULT, at("08:00"))
    carry(RULES, Carried(rule, at("06:00"), total), history)
    assert rated_prices(RULES, [ride], history) == [minor], what
    before = History()
    carry(RULES, Carried(rule, at("06:00"), total - (150 if rule == "cap" else 1)), before)
    assert rated_prices(RULES, [ride], before) == [200]


def test_what_cannot_be_carried() -> None:
    """A rule that there is not, and totals that cannot be."""
    with pytest.raises(RuleMissing):
        carry(RULES, Carried("month", at("08:00"), 1), History())
    for total in (-1, MAX_CARRIED + 1):
        with pytest.raises(EventInvalid):
            carry(RULES, Carried("cap", at("08:00"), total), History())
