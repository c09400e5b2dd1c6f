"""The event row of a purchase: what was claimed and what was answered, kept as it was."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from citizencard import chart
from citizencard.accounts.models import REASONS, OnlinePurchase, PurchaseReason, PurchaseVerdict
from citizencard.accounts.purchases import decide, earlier_answer, enter
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from ledger import AccountState, set_account_state
from tests.citizencard.accounts.make_accounts import START_FEN, Shop


@pytest.fixture
def shop(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Shop:
    """An account with 10,000 fen and a terminal that sells."""
    return Shop.open(sessions, vault, now)


def rows(shop: Shop) -> Sequence[OnlinePurchase]:
    with reading(shop.sessions) as session:
        return session.scalars(select(OnlinePurchase).order_by(OnlinePurchase.id)).all()


def test_row_keeps_what_was_claimed(shop: Shop) -> None:
    """Years later the row still says which card, terminal, merchant, amount and time, and holds the card's own proof."""
    claim = shop.claim(250)
    shop.buy(claim)
    row = rows(shop)[0]
    assert (row.card_serial, row.amount_fen, row.happened_at, row.proof) == (
        shop.city.adult.serial,
        250,
        shop.now,
        claim.proof,
    )
    assert (row.terminal_id, row.merchant_id) == (shop.city.bus1.terminal_id, shop.city.merchant_id)
    assert (row.account_id, row.card_id) == (shop.account_id, shop.city.adult.card_id)


def test_proof_that_turns_out_good_later_changes_nothing(shop: Shop) -> None:
    """The first verdict stands, also for a copy that slipped past the first look: it is the row that decides."""
    claim = shop.claim(250)
    forged = replace(claim, proof=bytes(8))
    refused = shop.buy(forged)
    assert refused.reason is PurchaseReason.BAD_PROOF
    with transaction(shop.sessions) as session:
        assert decide(session, shop.city.bus1.terminal_id, claim, shop.now, is_proved=True) == refused
        assert earlier_answer(session, shop.city.bus1.terminal_id, claim) == refused
    assert len(rows(shop)) == 1
    assert shop.money() == (START_FEN, 0, START_FEN)


def test_tombstone_holds_no_content(shop: Shop) -> None:
    """A reversal that comes first knows the name only; the late original finds the row taken."""
    shop.take_back(shop.name())
    row = rows(shop)[0]
    assert (row.verdict, row.reason, row.reversed_at) == ("refused", "reversed_before", shop.now)
    assert row.amount_fen is None
    with transaction(shop.sessions) as session:
        answer = decide(session, shop.city.bus1.terminal_id, shop.claim(), shop.now, is_proved=True)
    assert answer.reason is PurchaseReason.REVERSED_BEFORE
    assert len(rows(shop)) == 1


@pytest.mark.parametrize(
    ("state", "reason"), [(AccountState.FROZEN, "account_frozen"), (AccountState.CLOSED, "account_closed")]
)
def test_what_the_ledger_refuses_is_the_verdict(shop: Shop, state: AccountState, reason: str) -> None:
    """Frozen by a court or closed: the purchase is refused for this reason, in its row."""
    with transaction(shop.sessions) as session:
        if state is AccountState.CLOSED:
            decide(session, shop.city.bus1.terminal_id, shop.claim(START_FEN, trace=9), shop.now, is_proved=True)
    with transaction(shop.sessions) as session:
        set_account_state(session, chart.wallet(shop.account_id), state)
    assert shop.buy(shop.claim(250)).reason == reason
    assert rows(shop)[-1].reason == reason


def test_database_keeps_rows_whole(shop: Shop) -> None:
    """Even a mistake of ours cannot store an approval that nobody pays, or a refusal without a reason."""
    good = {"terminal_id": shop.city.bus1.terminal_id, "received_at": shop.now}
    for values in (
        {"verdict": "approved"},
        {"verdict": "refused"},
        {"verdict": "refused", "reason": "bad_proof"},
        {"verdict": "refused", "reason": "some_other_reason"},
    ):
        with transaction(shop.sessions) as session, pytest.raises(IntegrityError), session.begin_nested():
            enter(session, shop.name(), {**good, **values})
    assert set(REASONS) == set(PurchaseReason)
    assert {verdict.value for verdict in PurchaseVerdict} == {"approved", "refused"}
