"""What a tariff version means for judging: whether prices depend on a card's history."""

from citizencard.tariffs.document import Tariff
from citizencard.tariffs.transit.plans import on_device


def has_history_rules(tariff: Tariff) -> bool:
    """Whether a ride can cost less than a device can know: caps, bands, counts, lifetimes, and transfers that are counted."""
    transit = tariff.transit
    if transit is None:
        return False
    return bool(
        transit.bands
        or transit.ride_counts
        or transit.lifetime
        or transit.caps
        or not all(on_device(rule) for rule in transit.transfers)
    )
