"""The words for what the city's data call by a slug."""

import pytest

from api.pages.texts_home import HOME
from citizencard.cards.classes import CLASSES
from citizencard.purse.uploads.models import Reason

SUSPICIOUS = {
    Reason.UNREGISTERED_PSAM,
    Reason.UNBOUND_PSAM,
    Reason.DATE_OUT_OF_RANGE,
    Reason.CARD_NOT_IN_USE,
    Reason.HOTLISTED,
    Reason.OVER_LIMIT,
}


@pytest.mark.parametrize("name", [found.name for found in CLASSES.values()])
def test_every_card_class_has_a_name(name: str) -> None:
    """A new class of cards needs words for it in both languages."""
    assert f"class.{name}" in HOME


@pytest.mark.parametrize("reason", sorted(SUSPICIOUS))
def test_every_doubt_has_words(reason: Reason) -> None:
    """Whatever makes a tap suspicious can be said to a newcomer."""
    assert f"reason.{reason}" in HOME
