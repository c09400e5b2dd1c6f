"""Cash at the counter."""

from datetime import datetime
from functools import partial

import pytest

from citizencard import chart
from citizencard.accounts.errors import TopUpAmountInvalid, UnknownOnlineAccount
from citizencard.accounts.models import CashTopUp
from citizencard.accounts.registry import open_account
from citizencard.accounts.views import account_view, statement_of
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.slips import next_slip
from ledger.errors import CeilingExceeded
from tests.citizencard.accounts.make_accounts import START_FEN, Shop, at_once


@pytest.fixture
def shop(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Shop:
    """An account with 10,000 fen, paid in with slip 1."""
    return Shop.open(sessions, vault, now)


def test_cash_lies_in_the_till_and_belongs_to_the_account(shop: Shop) -> None:
    """Fifty yuan in cash: the drawer holds them, the holder owns them, a slip names them."""
    taken = shop.top_up(5_000)
    assert taken.slip_serial == 2
    assert shop.money() == (START_FEN + 5_000, 0, START_FEN + 5_000)
    with reading(shop.sessions) as session:
        line = statement_of(session, shop.account_id).lines[-1]
    assert line.reference == f"slip:{shop.till.outlet_id}.2:1"
    assert line.change_fen == 5_000


def test_ceiling_binds_and_leaves_no_gap_in_the_slips(shop: Shop) -> None:
    """A registered account takes 500,000 fen and not one more; a refused payment uses up no slip."""
    shop.top_up(chart.REGISTERED_WALLET_CEILING_FEN - START_FEN)
    with pytest.raises(CeilingExceeded):
        shop.top_up(1)
    assert shop.money()[0] == chart.REGISTERED_WALLET_CEILING_FEN
    with transaction(shop.sessions) as session:
        assert next_slip(session, shop.till.outlet_id) == 3


def test_account_without_a_name_holds_less(shop: Shop) -> None:
    """An unregistered account takes 100,000 fen at most."""
    with transaction(shop.sessions) as session:
        bearer = open_account(session, None, shop.deed())
    shop.top_up(chart.WALLET_CEILING_FEN, bearer.id)
    with pytest.raises(CeilingExceeded):
        shop.top_up(1, bearer.id)
    with pytest.raises(TopUpAmountInvalid):
        shop.top_up(chart.WALLET_CEILING_FEN + 1, bearer.id)
    with reading(shop.sessions) as session:
        view = account_view(session, bearer.id)
    assert (view.is_registered, view.balance_fen, view.ceiling_fen) == (False, 100_000, 100_000)


def test_what_cannot_be_paid_in_is_refused(shop: Shop) -> None:
    """Nothing, less than nothing, and money for an account that does not exist."""
    for amount_fen in (0, -1):
        with pytest.raises(TopUpAmountInvalid):
            shop.top_up(amount_fen)
    with pytest.raises(UnknownOnlineAccount):
        shop.top_up(100, "acc_of_nobody")


def test_payments_at_once_get_slips_without_gaps(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Six clerks of an outlet take cash at the same moment: six slips in a row, and together never above the ceiling."""
    shop = Shop.open(committed, vault, now)
    taken = at_once([partial(shop.top_up, 1_000)] * 6)
    assert sorted(one.slip_serial for one in taken if isinstance(one, CashTopUp)) == [2, 3, 4, 5, 6, 7]
    assert shop.money() == (START_FEN + 6_000, 0, START_FEN + 6_000)
