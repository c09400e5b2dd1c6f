"""Opening accounts, and what may become of them."""

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from ledger import (
    AccountState,
    AccountType,
    NewAccount,
    balance,
    existing,
    open_accounts,
    post,
    set_account_state,
)
from ledger.accounts import MAX_ACCOUNTS_AT_ONCE
from ledger.errors import AccountClosed, AccountDiffers, AccountNotEmpty, InvalidAccount, UnknownAccount
from tests.ledger.make import AT, bank, books, fund, held, transfer, wallet


def test_account_is_opened_once(session: Session) -> None:
    """Opening an account again on the same terms changes nothing; on other terms it is refused."""
    books(session)
    fund(session, "wallet:1", 5)
    open_accounts(session, [wallet(), wallet("wallet:2"), wallet("wallet:2")])
    assert held(session, "wallet:1", "wallet:2") == [5, 0]
    for other in (
        wallet(ceiling_fen=5),
        NewAccount("bank", AccountType.LIABILITY, "bank", locked=False),
        NewAccount("bank", AccountType.ASSET, "other", locked=False),
        NewAccount("bank", AccountType.ASSET, "bank", locked=True),
        NewAccount("bank", AccountType.ASSET, "bank", locked=False, currency="USD"),
    ):
        with pytest.raises(AccountDiffers):
            open_accounts(session, [bank("new"), other])
    with pytest.raises(AccountDiffers):
        open_accounts(session, [bank("twice"), wallet("twice")])


@pytest.mark.parametrize(
    ("account", "field"),
    [
        (bank(""), "code"),
        (bank("x" * 97), "code"),
        (bank("王:1"), "code"),
        (bank("a b"), "code"),
        (bank("a\n"), "code"),
        (NewAccount("a", AccountType.ASSET, "", locked=False), "family"),
        (NewAccount("a", AccountType.ASSET, "f", locked=False, currency="cny"), "currency"),
        (NewAccount("a", AccountType.ASSET, "f", locked=False, floor_fen=0), "locked"),
        (NewAccount("a", AccountType.ASSET, "f", locked=False, ceiling_fen=0), "locked"),
        (NewAccount("a", AccountType.ASSET, "f", locked=True, floor_fen=1), "floor_fen"),
        (NewAccount("a", AccountType.ASSET, "f", locked=True, floor_fen=-(2**53) - 1), "floor_fen"),
        (NewAccount("a", AccountType.ASSET, "f", locked=True, ceiling_fen=2**53 + 1), "ceiling_fen"),
        (NewAccount("a", AccountType.ASSET, "f", locked=True, floor_fen=-5, ceiling_fen=-6), "ceiling_fen"),
    ],
)
def test_terms_must_make_sense(session: Session, account: NewAccount, field: str) -> None:
    """An account on impossible terms is not opened, and neither are the others of the call."""
    with pytest.raises(InvalidAccount) as refused:
        open_accounts(session, [bank("good"), account])
    assert refused.value.fields["field"] == field
    assert existing(session, ["good"]) == set()


def test_opening_is_bounded(session: Session) -> None:
    """There is a largest number of accounts in one call; none at all is no error."""
    open_accounts(session, [])
    with pytest.raises(InvalidAccount):
        open_accounts(session, [bank(f"b{number}") for number in range(MAX_ACCOUNTS_AT_ONCE + 1)])


def test_statements_do_not_grow(session: Session) -> None:
    """A delivery of three hundred cards opens its accounts with as many statements as one card."""
    counts: list[int] = []
    connection = session.connection()

    def count(_connection: Connection, *_others: object) -> None:
        counts[-1] += 1

    event.listen(connection, "before_cursor_execute", count)
    for size in (1, 300):
        counts.append(0)
        open_accounts(session, [wallet(f"wallet:{size}:{number}") for number in range(size)])
        existing(session, [f"wallet:{size}:{number}" for number in range(size)])
    event.remove(connection, "before_cursor_execute", count)
    assert counts == [3, 3]


def test_existing_accounts(session: Session) -> None:
    """Only accounts that were opened exist."""
    books(session)
    assert existing(session, ["bank", "nowhere", "bank"]) == {"bank"}
    assert existing(session, []) == set()


@pytest.mark.parametrize("code", ["wallet:1", "merchant:1:clearing"])
def test_closing_needs_an_empty_account(session: Session, code: str) -> None:
    """An account is closed at zero only, locked or derived, and then for ever."""
    books(session)
    fund(session, code, 5)
    with pytest.raises(AccountNotEmpty):
        set_account_state(session, code, AccountState.CLOSED)
    post(session, [transfer("out", code, "bank", 5)], now=AT)
    for _ in range(2):
        set_account_state(session, code, AccountState.CLOSED)
    assert balance(session, code).state is AccountState.CLOSED
    for state in (AccountState.OPEN, AccountState.FROZEN):
        with pytest.raises(AccountClosed):
            set_account_state(session, code, state)


def test_frozen_and_free_again(session: Session) -> None:
    """A frozen account can be opened again; an account that does not exist has no state."""
    books(session)
    for state in (AccountState.FROZEN, AccountState.FROZEN, AccountState.OPEN):
        set_account_state(session, "wallet:1", state)
        assert balance(session, "wallet:1").state is state
    with pytest.raises(UnknownAccount):
        set_account_state(session, "nowhere", AccountState.FROZEN)
