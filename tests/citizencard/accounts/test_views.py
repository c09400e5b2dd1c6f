"""What a holder and a clerk see of an account."""

from datetime import datetime

import pytest

from citizencard.accounts.errors import UnknownOnlineAccount
from citizencard.accounts.views import account_view, statement_of
from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from ledger import AccountState
from tests.citizencard.accounts.make_accounts import START_FEN, Shop


@pytest.fixture
def shop(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Shop:
    """An account with 10,000 fen and its card."""
    return Shop.open(sessions, vault, now)


def test_account_shows_what_it_is(shop: Shop) -> None:
    """A resident's account: registered, open, its money, its ceiling of 5,000 yuan, its card."""
    with reading(shop.sessions) as session:
        view = account_view(session, shop.account_id)
    assert (view.is_registered, view.state) == (True, AccountState.OPEN)
    assert (view.balance_fen, view.ceiling_fen) == (START_FEN, 500_000)
    assert view.card_ids == (shop.city.adult.card_id,)


def test_statement_adds_up_to_the_balance(shop: Shop) -> None:
    """Page by page every movement is there once, refused purchases are not, and the changes add up to what the account holds."""
    for trace, amount_fen in enumerate((250, 2 * START_FEN, 1_000), start=1):
        shop.buy(shop.claim(amount_fen, trace))
    changes, after_id = [], 0
    with reading(shop.sessions) as session:
        for _ in range(10):
            page = statement_of(session, shop.account_id, after_id=after_id, limit=2)
            changes += [line.change_fen for line in page.lines]
            after_id = page.lines[-1].id
            if not page.has_more:
                break
        assert changes == [START_FEN, -250, -1_000]
        assert account_view(session, shop.account_id).balance_fen == sum(changes)
        with pytest.raises(UnknownOnlineAccount):
            statement_of(session, "acc_of_nobody")
