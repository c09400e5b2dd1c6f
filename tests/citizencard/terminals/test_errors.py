"""Refusals of the terminals context."""

import pytest

from citizencard.terminals import errors

SHOWN = {
    "terminal",
    "psam_serial",
    "terminal_number",
    "reason",
    "valid_from",
    "line",
    "merchant_id",
    "approval_id",
    "kind",
    "version",
    "outlet_id",
    "state",
    "batch",
    "issuer",
    "issuer_id",
}


@pytest.mark.parametrize("error", errors.TerminalError.__subclasses__(), ids=lambda error: error.__name__)
def test_refusal_shows_registry_data_only(error: type[errors.TerminalError]) -> None:
    """Whoever is refused learns which entry it is about, and no code, key or nonce."""
    assert set(error.public) <= SHOWN
    assert error("refused", code="secret").public_fields().keys() <= SHOWN
