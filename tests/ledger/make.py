"""Accounts and transfers for tests of the ledger."""

from datetime import UTC, date, datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from citizencard.db import Sessions, make_engine
from ledger import AccountType, NewAccount, Transfer, balances, open_accounts, open_first_day, post
from tests.postgres import SUPERUSER

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


def fund(session: Session, code: str, amount_fen: int, credit: str | None = None) -> None:
    """Put money into an account: from the bank into a liability, or into an asset against another account."""
    debit = code if credit else "bank"
    post(session, [transfer(f"fund:{code}:{amount_fen}", debit, credit or code, amount_fen)], now=AT)


def held(session: Session, *codes: str) -> list[int]:
    """What the accounts hold, in the order they are named. Fen."""
    found = balances(session, codes)
    return [found[code].balance_fen for code in codes]


def tamper(sessions: Sessions, *statements: str) -> None:
    """Rewrite the books as somebody who owns the database could: past every trigger and check."""
    engine: Engine = sessions.kw["bind"]
    owner = make_engine(
        engine.url.set(username=SUPERUSER).render_as_string() if is_postgresql(engine) else str(engine.url)
    )
    with owner.begin() as connection:
        if is_postgresql(engine):
            connection.exec_driver_sql("SET session_replication_role = replica")
            checks = connection.exec_driver_sql(
                "SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'c' AND conname LIKE 'ck_ledger%%'"
            )
            for table, name in checks.all():
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        else:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            found = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger%'"
            )
            for (name,) in found.all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(text(statement))
    owner.dispose()


def is_postgresql(engine: Engine) -> bool:
    """Which of the two databases it is."""
    return engine.dialect.name == "postgresql"
