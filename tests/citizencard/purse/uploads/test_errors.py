"""Refusals of whole uploads."""

import pytest

from citizencard.purse.uploads import errors


@pytest.mark.parametrize("error", errors.UploadRefused.__subclasses__(), ids=lambda error: error.__name__)
def test_refusal_shows_figures_of_the_file_only(error: type[errors.UploadRefused]) -> None:
    """A depot's clerk is told what is wrong with the file; no card number leaves with the refusal."""
    assert not {"card_serial", "tac", "raw"} & set(error.public)
    assert len(error.code) <= 48, "the code is kept beside the raw bytes"
