"""Refusals of the parking context."""

import pytest

from citizencard.parking import errors

SHOWN = {"field", "terminal", "batch", "trace", "direction", "lot", "amount_fen", "stay_id", "merchant_id"}


@pytest.mark.parametrize("error", errors.ParkingError.__subclasses__(), ids=lambda error: error.__name__)
def test_refusal_shows_no_card(error: type[errors.ParkingError]) -> None:
    """Whoever is refused learns which field or lot it is about, and no card number and no proof."""
    assert set(error.public) <= SHOWN
    assert error("refused", card_serial="secret").public_fields().keys() <= SHOWN
