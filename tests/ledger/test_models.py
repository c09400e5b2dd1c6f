"""The database defends the books by itself, whatever the code does."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from ledger import AccountType, balance, post, prove, stop
from tests.ledger.full_books import full_books
from tests.ledger.make import AT, books, fund, transfer

INSERT = (
    "INSERT INTO ledger_transfer (reference, debit_id, credit_id, amount_fen, currency, kind, occurred_at, recorded_at,"
    " business_date, fingerprint, metadata) SELECT 'direct', {debit}, {credit}, {amount}, currency, kind, occurred_at, recorded_at,"
    " business_date, fingerprint, metadata FROM ledger_transfer"
)


@pytest.fixture
def posted(committed: Sessions) -> Sessions:
    """Books with one transfer, committed, seen with the rights of the server."""
    with transaction(committed) as session:
        books(session)
        post(session, [transfer("a", "bank", "wallet:1", 100)], now=AT)
    return committed


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transfer SET amount_fen = 1",
        "UPDATE ledger_transfer SET metadata = '{}'",
        "DELETE FROM ledger_transfer",
        "DELETE FROM ledger_account",
        "DELETE FROM ledger_account WHERE code = 'till:1'",
        "DELETE FROM ledger_day",
        "UPDATE ledger_account SET code = 'wallet:2' WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET type = 'asset' WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET family = 'x' WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET currency = 'USD'",
        "UPDATE ledger_account SET locked = false, floor_fen = NULL, ceiling_fen = NULL WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET posted_debits_fen = 101 WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET posted_debits_fen = -1 WHERE code = 'till:1'",
        "UPDATE ledger_account SET floor_fen = 101 WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET state = 'closed' WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET state = 'gone'",
        "UPDATE ledger_account SET floor_fen = 0 WHERE code = 'bank'",
        "INSERT INTO ledger_day (day, state, opened_at) SELECT '2027-01-01', 'open', opened_at FROM ledger_day",
        "UPDATE ledger_day SET day = '2026-01-01'",
        "UPDATE ledger_day SET state = 'closed'",
        INSERT.format(debit=1, credit=1, amount=5),
        INSERT.format(debit=1, credit=2, amount=0),
        INSERT.format(debit=1, credit=2, amount=-5),
        INSERT.format(debit=1, credit=2, amount=2**53 + 1),
    ],
)
def test_rewriting_is_refused(posted: Sessions, statement: str) -> None:
    """The server's own role cannot rewrite, remove or bend what is in the books."""
    with pytest.raises(DBAPIError), transaction(posted) as session:
        session.execute(text(statement))
    with transaction(posted) as session:
        assert balance(session, "wallet:1").balance_fen == 100
        assert prove(session).proved


@pytest.mark.parametrize("table", ["ledger_transfer", "ledger_account", "ledger_day"])
def test_emptying_a_table_is_refused(posted: Sessions, table: str) -> None:
    """TRUNCATE, which row triggers do not see, is refused; REPLACE, which deletes silently, as well."""
    if posted.kw["bind"].dialect.name == "postgresql":
        statements = [f"TRUNCATE {table}", f"TRUNCATE {table} CASCADE"]
    else:
        statements = [
            f"REPLACE INTO {table} SELECT * FROM {table}",  # noqa: S608 # a constant
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",  # noqa: S608 # a constant
        ]
    for statement in statements:
        with pytest.raises(DBAPIError), transaction(posted) as session:
            session.execute(text(statement))
    with transaction(posted) as session:
        assert prove(session).transfers == 1


def test_replace_under_a_new_id_is_refused(posted: Sessions) -> None:
    """On SQLite a REPLACE that meets the reference instead of the id is refused too; PostgreSQL knows the reference as unique."""
    replace = INSERT.replace("'direct'", "'a'").format(debit=1, credit=2, amount=1)
    if posted.kw["bind"].dialect.name == "sqlite":
        replace = replace.replace("INSERT", "INSERT OR REPLACE", 1)
    with pytest.raises(DBAPIError), transaction(posted) as session:
        session.execute(text(replace))
    with transaction(posted) as session:
        assert prove(session).proved


def test_closed_day_keeps_its_cut(posted: Sessions) -> None:
    """The cut of a closed day cannot be moved."""
    with transaction(posted) as session:
        session.execute(text("UPDATE ledger_day SET state = 'closed', closed_at = opened_at, cut_id = 1"))
    for change in ("cut_id = 0", "state = 'open', closed_at = NULL, cut_id = NULL"):
        with pytest.raises(DBAPIError), transaction(posted) as session:
            session.execute(text(f"UPDATE ledger_day SET {change}"))  # noqa: S608 # a constant


def test_ids_are_never_given_twice(session: Session) -> None:
    """Ids rise in recorded order."""
    books(session)
    for fen in range(1, 4):
        fund(session, "wallet:1", fen)
    ids = session.execute(text("SELECT id FROM ledger_transfer ORDER BY recorded_at, id")).scalars().all()
    assert ids == sorted(set(ids))


def test_normal_side() -> None:
    """Assets and expenses are shown as debits minus credits, the others as credits minus debits."""
    shown = {kind.value: kind.normal(7, 3) for kind in AccountType}
    assert shown == {"asset": 4, "expense": 4, "liability": -4, "income": -4, "equity": -4}


FACTS = ("ledger_transfer", "ledger_hold_settlement", "ledger_cut", "ledger_fold", "ledger_snapshot", "ledger_seal")
STANDING = ("ledger_account", "ledger_day", "ledger_hold", "ledger_stop")
"""Tables with rows that move on, but never go."""


def test_no_table_of_the_books_can_be_rewritten(committed: Sessions) -> None:
    """UPDATE, DELETE, TRUNCATE and REPLACE by the server itself: refused for every fact; and nothing at all is ever removed."""
    full_books(committed)
    with transaction(committed) as session:
        stop(session, "a difference", now=AT)
    is_postgresql = committed.kw["bind"].dialect.name == "postgresql"
    emptying = ["TRUNCATE {0}", "TRUNCATE {0} CASCADE"] if is_postgresql else ["REPLACE INTO {0} SELECT * FROM {0}"]
    for table in (*FACTS, *STANDING):
        with reading(committed) as session:
            found = session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608 # our own names
            columns, rows = list(found.keys()), found.all()
        assert rows, f"{table} is empty: nothing would be refused"
        updates = [f"UPDATE {{0}} SET {column} = {column}" for column in columns] if table in FACTS else []  # noqa: S608 # our own names
        for statement in ("DELETE FROM {0}", *emptying, *updates):
            with pytest.raises(DBAPIError), transaction(committed) as session:
                session.execute(text(statement.format(table)))
        with reading(committed) as session:
            assert session.execute(text(f"SELECT * FROM {table}")).all() == rows  # noqa: S608 # our own names
