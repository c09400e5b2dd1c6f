"""What is asked and answered are plain values."""

from citizencard.tariffs.transit.pricing import Anchor, Ride, price
from tests.citizencard.tariffs.transit.make_rides import ADULT, at, city


def test_values() -> None:
    """The same question has the same answer, and both can be compared."""
    ride = Ride(1, ADULT, at("08:00"), Anchor(2, at("07:50")))
    assert ride == Ride(1, ADULT, at("08:00"), Anchor(2, at("07:50")))
    assert ride != Ride(1, ADULT, at("08:00"))
    assert price(city(), ride) == price(city(), ride)
