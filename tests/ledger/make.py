"""Accounts and transfers for tests of the ledger."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from ledger import AccountType, NewAccount, Transfer, open_accounts, open_first_day

DAY = date(2026, 11, 21)
AT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


def bank(code: str = "bank") -> NewAccount:
    """An asset whose balance is derived."""
    return NewAccount(code, AccountType.ASSET, "bank", locked=False)


def merchant(code: str = "merchant:1:clearing") -> NewAccount:
    """A liability whose balance is derived."""
    return NewAccount(code, AccountType.LIABILITY, "merchant:<m>:clearing", locked=False)


def wallet(code: str = "wallet:1", ceiling_fen: int | None = 100_000) -> NewAccount:
    """A liability that is locked and checked: never below zero, recharged up to its ceiling."""
    return NewAccount(
        code, AccountType.LIABILITY, "wallet:<account>", locked=True, floor_fen=0, ceiling_fen=ceiling_fen
    )


def till(code: str = "till:1") -> NewAccount:
    """An asset that is locked and checked."""
    return NewAccount(code, AccountType.ASSET, "till:<till>", locked=True, floor_fen=0)


def books(session: Session, *accounts: NewAccount) -> None:
    """Begin the books with a bank, a merchant, a wallet, a till, and the accounts named."""
    open_first_day(session, DAY, now=AT)
    open_accounts(session, [bank(), merchant(), wallet(), till(), *accounts])


def transfer(reference: str, debit: str, credit: str, amount_fen: int, **others: object) -> Transfer:
    """A transfer of the kind `test`, at `AT`."""
    return Transfer(reference, debit, credit, amount_fen, **{"kind": "test", "occurred_at": AT, **others})  # type: ignore[arg-type] # any field
