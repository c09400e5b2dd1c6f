"""Refusals about approvals."""

import pytest

from citizencard.approvals import errors


@pytest.mark.parametrize("error", errors.ApprovalError.__subclasses__(), ids=lambda error: error.__name__)
def test_refusal_shows_which_approval_and_its_state_only(error: type[errors.ApprovalError]) -> None:
    """The payload of somebody's proposal does not leave with a refusal."""
    assert set(error.public) <= {"approval_id", "state"}
