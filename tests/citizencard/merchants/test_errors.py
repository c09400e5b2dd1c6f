"""Refusals of the merchants context."""

import pytest

from citizencard.merchants import errors

SHOWN = {"faults", "merchant_id", "line", "name", "outlet_id", "contact_id", "bank_account_id", "notice_id"}


@pytest.mark.parametrize("error", errors.MerchantError.__subclasses__(), ids=lambda error: error.__name__)
def test_refusal_shows_registry_data_only(error: type[errors.MerchantError]) -> None:
    """Whoever is refused learns which entry it is about, and no code, key or nonce."""
    assert set(error.public) <= SHOWN
    assert error("refused", code="secret").public_fields().keys() <= SHOWN
