"""Refusals of the tariffs context."""

import pytest

from citizencard.tariffs import errors

SHOWN = {
    "faults",
    "version",
    "latest",
    "effective_from",
    "at",
    "line",
    "card_class",
    "approval_id",
    "place",
    "field",
    "reason",
}


@pytest.mark.parametrize("error", errors.TariffError.__subclasses__(), ids=lambda error: error.__name__)
def test_refusal_shows_registry_data_only(error: type[errors.TariffError]) -> None:
    """Whoever is refused learns which entry it is about, and no code, key or nonce."""
    assert set(error.public) <= SHOWN
    assert error("refused", code="secret").public_fields().keys() <= SHOWN
