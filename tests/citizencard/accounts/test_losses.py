"""A report of loss stops the card and its account."""

from datetime import datetime
from functools import partial

import pytest

from citizencard.accounts.losses import release_loss, report_loss
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.purchases import PurchaseAnswer
from citizencard.accounts.registry import link_card, unlink_card
from citizencard.accounts.views import account_view
from citizencard.cards.models import Card
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from ledger import AccountState
from tests.citizencard.accounts.make_accounts import START_FEN, Shop, at_once


@pytest.fixture
def shop(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Shop:
    """An account with 10,000 fen and its card."""
    return Shop.open(sessions, vault, now)


def state_of(shop: Shop) -> AccountState:
    with reading(shop.sessions) as session:
        return account_view(session, shop.account_id).state


def report(shop: Shop, *, temporary: bool = True) -> datetime:
    with transaction(shop.sessions) as session:
        return report_loss(session, shop.city.adult.card_id, shop.deed(), temporary=temporary)


def test_account_freezes_with_its_card_and_thaws_when_it_is_found(shop: Shop) -> None:
    """From the call on nothing can be spent; money still comes in; the card found, everything works again."""
    assert report(shop) >= shop.now
    assert state_of(shop) is AccountState.FROZEN
    shop.top_up(100)
    with transaction(shop.sessions) as session:
        release_loss(session, shop.city.adult.card_id, shop.deed())
    assert state_of(shop) is AccountState.OPEN
    assert shop.buy(shop.claim(250)).verdict is PurchaseVerdict.APPROVED
    assert shop.money() == (START_FEN - 150, 250, START_FEN + 100)


def test_frozen_account_refuses_every_card(shop: Shop) -> None:
    """The holder's other card does not pay either, until the lost one is found or taken off the account."""
    with transaction(shop.sessions) as session:
        holder = session.get_one(Card, shop.city.adult.card_id).person_id
        session.get_one(Card, shop.city.senior.card_id).person_id = holder
        session.flush()
        link_card(session, shop.account_id, shop.city.senior.card_id, shop.deed())
    report(shop)
    refused = shop.buy(shop.claim(250, card=shop.city.senior))
    assert refused.reason is PurchaseReason.ACCOUNT_FROZEN
    with transaction(shop.sessions) as session:
        release_loss(session, shop.city.adult.card_id, shop.deed())
    assert shop.buy(shop.claim(250, card=shop.city.senior)) == refused
    assert shop.buy(shop.claim(250, trace=2, card=shop.city.senior)).verdict is PurchaseVerdict.APPROVED
    assert shop.money() == (START_FEN - 250, 250, START_FEN)


def test_account_thaws_when_the_lost_card_is_taken_off_it(shop: Shop) -> None:
    """A card lost for good leaves the account, which is the holder's to use again with another card."""
    report(shop, temporary=False)
    with transaction(shop.sessions) as session:
        unlink_card(session, shop.account_id, shop.city.adult.card_id, shop.deed())
    assert state_of(shop) is AccountState.OPEN


def test_loss_of_a_card_without_an_account_is_its_own_matter(shop: Shop) -> None:
    """Nothing else freezes."""
    with transaction(shop.sessions) as session:
        report_loss(session, shop.city.senior.card_id, shop.deed(), temporary=True)
    assert state_of(shop) is AccountState.OPEN


def test_purchase_at_the_moment_of_the_report(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Either the purchase was before the report and is paid, or after it and is refused; the account is frozen in any case."""
    shop = Shop.open(committed, vault, now)
    answers = at_once([partial(report, shop), partial(shop.buy, shop.claim(250))])
    bought = next(answer for answer in answers if isinstance(answer, PurchaseAnswer))
    paid_fen = 250 if bought.verdict is PurchaseVerdict.APPROVED else 0
    assert bought.reason in {None, PurchaseReason.CARD_STATE}
    assert shop.money() == (START_FEN - paid_fen, paid_fen, START_FEN)
    assert state_of(shop) is AccountState.FROZEN
