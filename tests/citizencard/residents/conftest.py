"""The vault whose keys the test cards were made with, and residents with a card in their hands."""

from collections.abc import Callable
from datetime import datetime

import pytest

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.cards.make_cards import issue_card
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.residents.make_residents import CardInHand


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the regression masters."""
    return regression_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def give_card(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Callable[[], CardInHand]:
    """Gives another person a card."""

    def give() -> CardInHand:
        return CardInHand(*issue_card(sessions, vault, now))

    return give


@pytest.fixture
def in_hand(give_card: Callable[[], CardInHand]) -> CardInHand:
    """A resident's active card."""
    return give_card()
