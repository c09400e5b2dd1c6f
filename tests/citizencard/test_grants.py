"""PostgreSQL's three roles: who may do what, tried as each of them."""

from collections.abc import Callable

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import ProgrammingError

from citizencard.db import make_engine
from citizencard.migrations.grants import APP, APPEND_ONLY, AUDITOR, FORGETTABLE, NOT_FOR_AUDITORS

DENIED = "permission denied"


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET {} = {}"])
def test_server_may_not_rewrite_facts(clone_database: Callable[[str], str], table: str, statement: str) -> None:
    """Even a server that was taken over cannot change what was written down."""
    engine = make_engine(database_of(clone_database))
    with engine.connect() as connection:
        column = list(connection.exec_driver_sql(f"SELECT * FROM {table} LIMIT 0").keys())[-1]  # noqa: S608 # our own names
        with pytest.raises(ProgrammingError, match=DENIED):
            connection.exec_driver_sql(statement.format(table, column, column))
    engine.dispose()


def test_server_removes_rows_only_where_it_must(clone_database: Callable[[str], str]) -> None:
    """Hotlist, bindings, approvals, cards, accounts: nothing of this can be made to have never been."""
    engine = make_engine(database_of(clone_database))
    tables = set(inspect(engine).get_table_names())
    allowed = set()
    with engine.connect() as connection:
        for table in tables:
            question = text("SELECT has_table_privilege(current_user, :table, 'DELETE')")
            if connection.execute(question, {"table": table}).scalar():
                allowed.add(table)
    engine.dispose()
    assert allowed == set(FORGETTABLE)


def test_auditor_reads_the_books_and_nothing_that_opens_doors(clone_database: Callable[[str], str]) -> None:
    """An auditor sees every fen and every act, changes nothing, and cannot try passwords."""
    engine = make_engine(database_of(clone_database).replace(f"{APP}@", f"{AUDITOR}@"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM ledger_transfer").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_entry").scalar() == 0
    for statement in ("DELETE FROM ledger_account", *(f"SELECT 1 FROM {table}" for table in NOT_FOR_AUDITORS)):  # noqa: S608 # our own names
        with engine.connect() as connection, pytest.raises(ProgrammingError, match=DENIED):
            connection.exec_driver_sql(statement)
    engine.dispose()


CLONES: dict[str, str] = {}


def database_of(clone_database: Callable[[str], str]) -> str:
    """One PostgreSQL database for all tests of this module: none of them may change anything."""
    if "postgresql" not in CLONES:
        CLONES["postgresql"] = clone_database("postgresql")
    return CLONES["postgresql"]
