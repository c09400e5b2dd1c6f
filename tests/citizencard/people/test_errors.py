"""Refusals about people."""

import pytest

from citizencard.people import errors


@pytest.mark.parametrize("error", errors.PeopleError.__subclasses__(), ids=lambda error: error.__name__)
def test_no_refusal_carries_personal_data(error: type[errors.PeopleError]) -> None:
    """What leaves the house with a refusal is an id, a limit or the kind of fault: never a name or a number."""
    assert set(error.public) <= {"person_id", "max_chars", "fault"}
