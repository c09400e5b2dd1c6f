"""Refusals about staff."""

import pytest

from citizencard.staff import errors


@pytest.mark.parametrize("error", [errors.SignInRefused, errors.SessionEnded, errors.OneTimeTokenInvalid])
def test_stranger_learns_nothing_from_a_refusal(error: type[errors.StaffError]) -> None:
    """Where somebody is not recognised, no field leaves the house."""
    assert error.public == ()
