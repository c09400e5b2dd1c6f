"""What clerks see of cards."""

from datetime import datetime

import pytest

from citizencard.cards.errors import UnknownCard
from citizencard.cards.views import card_view, cards_of_person, find_card, find_card_by_number, history_of
from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.people.flow import personal_data
from hardware.card.files import printed_number
from tests.citizencard.cards.make_cards import application


def test_card_is_shown_with_a_masked_holder(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Neither the whole name nor the whole number of the holder is in what a clerk sees without giving a reason."""
    card = application(sessions, vault, now)
    view = card_view(sessions, vault, card.id)
    holder = personal_data(sessions, vault, card.person_id)
    assert (view.number, view.class_name, view.state) == (printed_number(card.serial), "adult", "applied")
    assert view.holder.name == "王**"
    assert holder.document_number not in repr(view)
    assert holder.name not in repr(view)


def test_card_is_found_by_what_is_printed_on_it(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A typed number with spaces finds the card; a wrong check digit finds none."""
    card = application(sessions, vault, now)
    number = printed_number(card.serial)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    with reading(sessions) as session:
        assert find_card_by_number(session, f"{number[:4]} {number[4:]}").id == card.id
        for missing in (wrong, "12", ""):
            with pytest.raises(UnknownCard):
                find_card_by_number(session, missing)
        with pytest.raises(UnknownCard):
            find_card(session, "card_none")
        assert [found.id for found in cards_of_person(session, card.person_id)] == [card.id]
        assert [change.state for change in history_of(session, card.id)] == ["applied"]
