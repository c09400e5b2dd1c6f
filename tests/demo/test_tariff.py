"""The demo's prices are a document that the product takes, and cost what the story says."""

from datetime import UTC, datetime, timedelta

from citizencard.tariffs import parking, utilities
from citizencard.tariffs.document import read
from demo.tariff import LOT, TARIFF, WATER_RULE

DOCUMENT = {**TARIFF, "format": 1, "version": 1, "effective_from": "2026-01-01T00:00:00+08:00"}


def test_stay_costs_the_same_at_any_hour() -> None:
    """67 minutes are ¥7.00 whenever somebody plays the day, at night too."""
    rule = read(DOCUMENT).parking[LOT]
    for hour in range(24):
        entered_at = datetime(2026, 11, 21, hour, 30, tzinfo=UTC)
        assert parking.quote(rule, entered_at, entered_at + timedelta(minutes=67)).fen == 700


def test_water_of_the_story() -> None:
    """18 t are ¥49.50 and 25 t ¥73.25; the line of 35 t in the file is not what 35 t cost."""
    rule = read(DOCUMENT).utilities[WATER_RULE]
    assert [utilities.bill(rule, quantity).total_fen for quantity in (18, 25, 35)] == [4_950, 7_325, 11_425]
