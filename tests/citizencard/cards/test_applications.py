"""Applying for a card."""

from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from citizencard.cards.applications import Application, apply_for_card
from citizencard.cards.errors import ClassNotForPerson, UnknownCardClass
from citizencard.cards.states import Deed
from tests.citizencard.cards.make_cards import CLERK, SENIOR, applied_card, bare_person


def test_application_gives_a_number_and_a_validity(session: Session, now: datetime) -> None:
    """An accepted application has its number at once and no chip yet; its days are those of Beijing."""
    card = applied_card(session, now)
    assert (card.state, card.chip_serial) == ("applied", None)
    assert (card.valid_from, card.valid_until) == (date(2026, 11, 21), date(2046, 11, 21))
    assert applied_card(session, now).serial != card.serial


def test_too_young_for_a_senior_card(session: Session, now: datetime) -> None:
    """Sixty-nine years are not seventy; nothing of the birth date is in the refusal or the application's repr."""
    application = Application(bare_person(session, now), date(1956, 11, 22), SENIOR)
    with pytest.raises(ClassNotForPerson) as refusal:
        apply_for_card(session, application, Deed(CLERK, now))
    assert "1956" not in repr(application) + str(refusal.value)
    with pytest.raises(UnknownCardClass):
        apply_for_card(session, Application(application.person_id, date(1990, 1, 1), 9), Deed(CLERK, now))
