"""Documents that were read lately."""

import pytest

from citizencard.tariffs.errors import TariffInvalid
from citizencard.tariffs.shelf import Shelf
from tests.citizencard.tariffs.small_city import DOCUMENT


def test_the_least_used_document_goes_first() -> None:
    """A server that runs for years does not fill up with old tariffs, and keeps the one that taps name."""
    shelf = Shelf(2)
    kept = shelf.read(3, "a", DOCUMENT)
    shelf.read(3, "b", DOCUMENT)
    assert shelf.read(3, "a", {}) is kept
    shelf.read(3, "c", DOCUMENT)
    assert shelf.find(3, "b") is None
    assert shelf.find(3, "a") is kept


def test_a_document_with_mistakes_is_not_kept() -> None:
    """What cannot be read is refused each time."""
    shelf = Shelf()
    for _ in range(2):
        with pytest.raises(TariffInvalid):
            shelf.read(3, "a", {})
