"""Refusals about repeated requests."""

import pytest

from citizencard.idempotency import errors


@pytest.mark.parametrize("error", errors.IdempotencyError.__subclasses__(), ids=lambda error: error.__name__)
def test_refusal_repeats_neither_key_nor_answer(error: type[errors.IdempotencyError]) -> None:
    """Whoever guesses a key learns nothing of the request behind it."""
    assert error.public == ()
