"""Orders about accounts outlive what becomes of cards."""

import pytest
from sqlalchemy import select

from citizencard import chart
from citizencard.accounts.errors import AccountNeverClosed
from citizencard.accounts.freezing import close, freeze, unfreeze
from citizencard.accounts.losses import release_loss, report_loss
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.orders import CLOSE, is_frozen_by_order
from citizencard.audit import AuditEntry
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from ledger import AccountState, balance
from ledger.errors import AccountNotEmpty
from tests.citizencard.accounts.make_accounts import START_FEN, Shop


@pytest.fixture
def shop(sessions: Sessions, vault: SoftwareVault, now: object) -> Shop:
    """An account with 10,000 fen and its card."""
    return Shop.open(sessions, vault, now)  # type: ignore[arg-type] # the fixture's instant


def state_of(shop: Shop) -> AccountState:
    with reading(shop.sessions) as session:
        return balance(session, chart.wallet(shop.account_id)).state


def test_order_outlives_the_report_about_a_card(shop: Shop) -> None:
    """A court's freeze is not lifted by a holder who finds the card; taken back, a lost card still freezes the account."""
    wallet, card = chart.wallet(shop.account_id), shop.city.adult.card_id
    with transaction(shop.sessions) as session:
        freeze(session, wallet, "court order 7", shop.deed())
    assert shop.buy(shop.claim(250, trace=9)).reason is PurchaseReason.ACCOUNT_FROZEN
    shop.top_up(100)
    with transaction(shop.sessions) as session:
        report_loss(session, card, shop.deed(), temporary=True)
    with transaction(shop.sessions) as session:
        release_loss(session, card, shop.deed())
    assert state_of(shop) is AccountState.FROZEN
    with transaction(shop.sessions) as session:
        report_loss(session, card, shop.deed(), temporary=True)
    with transaction(shop.sessions) as session:
        assert is_frozen_by_order(session, wallet)
        unfreeze(session, wallet, "order lifted", shop.deed())
        assert not is_frozen_by_order(session, wallet)
    assert state_of(shop) is AccountState.FROZEN
    with transaction(shop.sessions) as session:
        release_loss(session, card, shop.deed())
    assert state_of(shop) is AccountState.OPEN
    assert shop.buy(shop.claim(250)).verdict is PurchaseVerdict.APPROVED


def test_closed_account_stays_closed(shop: Shop) -> None:
    """Only an empty account is closed, with the reason on record; its card can be reported lost all the same."""
    wallet = chart.wallet(shop.account_id)
    with pytest.raises(AccountNotEmpty), transaction(shop.sessions) as session:
        close(session, wallet, "the holder has left", shop.deed())
    assert shop.buy(shop.claim(START_FEN)).verdict is PurchaseVerdict.APPROVED
    with transaction(shop.sessions) as session:
        close(session, wallet, "the holder has left", shop.deed())
    with transaction(shop.sessions) as session:
        report_loss(session, shop.city.adult.card_id, shop.deed(), temporary=True)
        act = session.scalars(select(AuditEntry).where(AuditEntry.act == CLOSE)).one()
        assert (act.subject, act.reason) == (wallet, "the holder has left")
    assert state_of(shop) is AccountState.CLOSED


@pytest.mark.parametrize(
    "code", [chart.purse("c"), chart.due("c"), chart.clearing("m"), chart.payable("m"), chart.owed("sponsor", "city")]
)
def test_accounts_that_are_booked_to_unasked_are_never_closed(shop: Shop, code: str) -> None:
    """A late tap, or what a night gives back, must find its account: else one holder's stops the city's night."""
    with transaction(shop.sessions) as session:
        chart.open_missing(session, [code])
    with pytest.raises(AccountNeverClosed), transaction(shop.sessions) as session:
        close(session, code, "the holder has left", shop.deed())
    with reading(shop.sessions) as session:
        assert balance(session, code).state is AccountState.OPEN
