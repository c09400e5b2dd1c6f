"""Reversals: a terminal that heard nothing takes its purchase back."""

from datetime import datetime, timedelta

import pytest

from citizencard import chart
from citizencard.accounts.errors import BatchNotGiven, NumberOfAnotherTerminal, PurchaseInvalid
from citizencard.accounts.losses import report_loss
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseName
from citizencard.accounts.reversals import ReversalOutcome, reverse_purchase
from citizencard.accounts.views import statement_of
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.accounts.make_accounts import START_FEN, Shop


@pytest.fixture
def shop(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Shop:
    """An account with 10,000 fen and a terminal that sells."""
    return Shop.open(sessions, vault, now)


def test_reversal_gives_the_whole_amount_back_once(shop: Shop) -> None:
    """However often a terminal asks, the money goes back once, and a repeat of the purchase says that it is reversed."""
    claim = shop.claim(250)
    assert shop.buy(claim).verdict is PurchaseVerdict.APPROVED
    for _ in range(3):
        assert shop.take_back(claim.name).outcome is ReversalOutcome.REVERSED
    assert shop.money() == (START_FEN, 0, START_FEN)
    again = shop.buy(claim)
    assert (again.verdict, again.is_reversed) == (PurchaseVerdict.APPROVED, True)
    with reading(shop.sessions) as session:
        lines = statement_of(session, shop.account_id).lines
    assert [line.change_fen for line in lines] == [START_FEN, -250, 250]
    assert [line.reference for line in lines][1:] == ["online:330200000001:1:1", "rev:online:330200000001:1:1"]


def test_reversal_that_arrives_first_forestalls_its_purchase(shop: Shop) -> None:
    """The late original is refused for ever, and nothing is ever booked."""
    claim = shop.claim(250)
    for _ in range(2):
        assert shop.take_back(claim.name).outcome is ReversalOutcome.REMEMBERED
    for now in (shop.now, shop.now + timedelta(days=1)):
        answer = shop.buy(claim, now)
        assert (answer.verdict, answer.reason) == (PurchaseVerdict.REFUSED, PurchaseReason.REVERSED_BEFORE)
    assert shop.take_back(claim.name).outcome is ReversalOutcome.REMEMBERED
    assert shop.money() == (START_FEN, 0, START_FEN)


def test_refused_purchase_has_nothing_to_reverse(shop: Shop) -> None:
    """Taking back what was never paid pays nobody."""
    claim = shop.claim(START_FEN + 1)
    assert shop.buy(claim).verdict is PurchaseVerdict.REFUSED
    assert shop.take_back(claim.name).outcome is ReversalOutcome.NOTHING_TO_REVERSE
    assert shop.money() == (START_FEN, 0, START_FEN)


def test_full_and_frozen_accounts_take_their_money_back(shop: Shop) -> None:
    """Neither a ceiling nor a report of loss keeps a holder's own money from coming back."""
    claim = shop.claim(5_000)
    shop.buy(claim)
    shop.top_up(chart.REGISTERED_WALLET_CEILING_FEN - 5_000)
    with transaction(shop.sessions) as session:
        report_loss(session, shop.city.adult.card_id, shop.deed(), temporary=False)
    assert shop.take_back(claim.name).outcome is ReversalOutcome.REVERSED
    assert shop.money()[0] == chart.REGISTERED_WALLET_CEILING_FEN + 5_000


def test_nobody_reverses_or_forestalls_for_another(shop: Shop) -> None:
    """A terminal can neither take another's sale back nor put a tombstone in its way."""
    shop.buy(shop.claim(250))
    for name in (shop.name(trace=1), shop.name(trace=2)):
        with transaction(shop.sessions) as session, pytest.raises(NumberOfAnotherTerminal):
            reverse_purchase(session, shop.city.bus2.terminal_id, name, shop.now)
    with pytest.raises(BatchNotGiven):
        shop.take_back(shop.name(trace=1, batch=2))
    with pytest.raises(PurchaseInvalid):
        shop.take_back(PurchaseName(b"", 1, 1))
    assert shop.buy(shop.claim(100, trace=2)).verdict is PurchaseVerdict.APPROVED
    assert shop.money() == (START_FEN - 350, 350, START_FEN)
