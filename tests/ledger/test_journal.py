"""Posting: all or none, each for itself, and the way back."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from ledger import (
    AccountState,
    AccountType,
    NewAccount,
    balance,
    close_day,
    open_accounts,
    post,
    post_each,
    prove,
    reverse,
    set_account_state,
)
from ledger.errors import (
    AccountClosed,
    AccountFrozen,
    BalanceTooLow,
    CeilingExceeded,
    CurrencyMismatch,
    InvalidTransfer,
    LedgerError,
    NoOpenDay,
    NotReversible,
    ReferenceReused,
    UnknownAccount,
    UnknownTransfer,
)
from ledger.transfers import MAX_METADATA_BYTES
from tests.ledger.make import AT, DAY, books, transfer, wallet


def test_money_moves_once(session: Session, now: datetime) -> None:
    """A resent transfer is answered with the first one and moves nothing again."""
    books(session)
    paid = transfer("a", "bank", "wallet:1", 500, metadata={"slip": 7, "by": "clerk_1"}, journal="j1")
    (first,) = post(session, [paid], now=now)
    (again,) = post(session, [paid], now=now + timedelta(hours=1))
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.id, again.transfer, again.business_date, again.recorded_at) == (first.id, paid, DAY, now)
    assert balance(session, "wallet:1").balance_fen == 500
    assert balance(session, "bank").balance_fen == 500
    assert prove(session).differences == ()
