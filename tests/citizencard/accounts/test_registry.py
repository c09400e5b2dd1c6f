"""Accounts, and the cards that pay from them."""

from datetime import datetime

import pytest

from citizencard.accounts.errors import AccountExists, CardNotLinkable, CardNotLinked, UnknownOnlineAccount
from citizencard.accounts.registry import account_of_card, find_account, link_card, open_account, unlink_card
from citizencard.cards.models import Card
from citizencard.cards.states import block_card
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.people.errors import PersonUnknown
from tests.citizencard.accounts.make_accounts import Shop


@pytest.fixture
def shop(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Shop:
    """An account with 10,000 fen and its card."""
    return Shop.open(sessions, vault, now)


def test_a_resident_has_one_account(shop: Shop) -> None:
    """Asking again names the account that is there; nobody unknown gets one."""
    with transaction(shop.sessions) as session:
        person_id = session.get_one(Card, shop.city.adult.card_id).person_id
        with pytest.raises(AccountExists) as refused:
            open_account(session, person_id, shop.deed())
        with pytest.raises(PersonUnknown):
            open_account(session, "per_of_nobody", shop.deed())
        with pytest.raises(UnknownOnlineAccount):
            find_account(session, "acc_of_nobody")
    assert refused.value.public_fields() == {"account_id": shop.account_id}


def test_another_persons_card_cannot_be_linked(shop: Shop) -> None:
    """Nobody's card pays from somebody else's account, and a card pays from one account only."""
    with transaction(shop.sessions) as session:
        for card, reason in ((shop.city.senior, "another_person"), (shop.city.adult, "linked_already")):
            with pytest.raises(CardNotLinkable) as refused:
                link_card(session, shop.account_id, card.card_id, shop.deed())
            assert refused.value.fields["reason"] == reason


def test_bearer_account_has_one_card(shop: Shop) -> None:
    """Without a name the card is the account: a second one is refused, and so is a card that does not work."""
    with transaction(shop.sessions) as session:
        bearer = open_account(session, None, shop.deed())
        block_card(session, shop.city.lost.card_id, shop.deed())
        with pytest.raises(CardNotLinkable, match="card_state"):
            link_card(session, bearer.id, shop.city.lost.card_id, shop.deed())
        link_card(session, bearer.id, shop.city.senior.card_id, shop.deed())
        unlink_card(session, shop.account_id, shop.city.adult.card_id, shop.deed())
        with pytest.raises(CardNotLinkable, match="one_card_only"):
            link_card(session, bearer.id, shop.city.adult.card_id, shop.deed())


def test_unlinked_card_pays_no_longer_and_can_come_back(shop: Shop) -> None:
    """The link ends, stays in the history, and a new one may begin."""
    card_id = shop.city.adult.card_id
    with transaction(shop.sessions) as session:
        unlink_card(session, shop.account_id, card_id, shop.deed())
        assert account_of_card(session, card_id) is None
        with pytest.raises(CardNotLinked):
            unlink_card(session, shop.account_id, card_id, shop.deed())
        link_card(session, shop.account_id, card_id, shop.deed())
        found = account_of_card(session, card_id)
    assert found is not None
    assert found.id == shop.account_id
