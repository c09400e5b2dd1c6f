"""Refusals about social security."""

import pytest

from citizencard.social_security import errors


@pytest.mark.parametrize("error", errors.SocialSecurityError.__subclasses__(), ids=lambda error: error.__name__)
def test_no_refusal_carries_personal_data(error: type[errors.SocialSecurityError]) -> None:
    """What leaves the house is the state of a link or the list of what exists, never a number."""
    assert set(error.public) <= {"status", "insurances", "states"}
