"""The database's one history, tried on both databases."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from citizencard.db import Sessions, check_durability, make_engine, reading, transaction
from citizencard.migrations import check, downgrade, upgrade
from citizencard.migrations.grants import APP, MIGRATOR


def test_models_and_database_agree(database: str, clone_database: Callable[[str], str]) -> None:
    """What the code believes about the tables is what a migrated city has."""
    engine = make_engine(clone_database(database))
    check(engine)
    engine.dispose()


def test_database_keeps_what_it_acknowledges(committed: Sessions) -> None:
    """The server starts only on a database that survives a power cut."""
    check_durability(committed.kw["bind"])


def test_connections_keep_their_settings_after_an_upgrade(committed: Sessions) -> None:
    """An upgrade, needed or not, leaves no connection behind that forgets its foreign keys."""
    engine = committed.kw["bind"]
    if engine.dialect.name == "sqlite":
        upgrade(engine)
        check_durability(engine)


def test_every_step_can_be_undone(database: str, clone_database: Callable[[str], str]) -> None:
    """An upgrade that goes wrong in the night can be taken back, and done again."""
    url = clone_database(database).replace(f"{APP}@", f"{MIGRATOR}@")
    engine = make_engine(url)
    downgrade(engine, "base")
    upgrade(engine)
    check(engine)
    engine.dispose()


def test_reader_cannot_write(committed: Sessions) -> None:
    """A look at the data changes nothing, even by mistake; and the connection writes again afterwards."""
    statement = text("UPDATE staff_member SET login = login")
    with reading(committed) as session, pytest.raises(DBAPIError, match=r"read-?only"):
        session.execute(statement)
    with transaction(committed) as session:
        session.execute(statement)
