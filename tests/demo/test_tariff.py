"""The demo's prices are a document that the product takes, and cost what the story says."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from citizencard.tariffs import parking, utilities
from citizencard.tariffs.document import read
from citizencard.tariffs.transit.history import CardRide, rate
from citizencard.tariffs.transit.rides import Ride
from demo.tariff import CAP_FEN, LOT, TARIFF, WATER_RULE

DOCUMENT = {**TARIFF, "format": 2, "version": 1, "effective_from": "2026-01-01T00:00:00+08:00"}
PRICES = read(DOCUMENT)


def test_stay_costs_the_same_at_any_hour() -> None:
    """67 minutes are ¥7.00 whenever somebody plays the day, at night too."""
    for hour in range(24):
        entered_at = datetime(2026, 11, 21, hour, 30, tzinfo=UTC)
        stay = parking.Stay(entered_at, entered_at + timedelta(minutes=67))
        assert parking.quote(PRICES.parking[LOT], stay, PRICES.offset).minor == 700


def test_water_of_the_story() -> None:
    """18 t are ¥49.50 and 25 t ¥73.25; the line of 35 t in the file is not what 35 t cost."""
    rule = PRICES.utilities[WATER_RULE]
    period = (date(2026, 10, 23), date(2026, 11, 21))
    bills = [utilities.bill(rule, utilities.Reading(*period, Fraction(units), {})).minor for units in (18, 25, 35)]
    assert bills == [4_950, 7_325, 11_425]


def test_rides_of_the_story() -> None:
    """¥1.80, ¥0.80 as a transfer, and ¥0.40 of the third ride: what is above ¥3.00 comes back in the night, for adults only."""
    begun = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    rides = [Ride(line, 1, begun + timedelta(seconds=10 * n)) for n, line in enumerate((26, 5, 5))]
    rated = list(rate(PRICES, [CardRide("adult", ride, "") for ride in rides], {}))
    assert [one.quote.minor for one in rated] == [180, 80, 40]
    assert sum(one.quote.minor for one in rated) == CAP_FEN
    free = rate(PRICES, [CardRide("senior", Ride(26, 3, begun), "")], {})
    assert [one.quote.minor for one in free] == [0]
