"""Refusals of the HTTP face."""

from api import errors
from citizencard.errors import CitizencardError


def test_refusals_of_the_face_have_codes_of_their_own() -> None:
    """Two different refusals never look alike to a client."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ApiError)]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(issubclass(kind, CitizencardError) for kind in kinds)
