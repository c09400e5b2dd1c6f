"""`citizencard database …`."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from citizencard.db import make_engine, make_sessions, reading, transaction
from citizencard.idempotency.models import IdempotencyKey
from citizencard.idempotency.slots import KEPT, hash_of, once
from tests import postgres
from tests.citizencard.cli.run_command import Installation


def test_new_database_is_made_and_found_good(tmp_path: Path) -> None:
    """Before the upgrade the check refuses, after it it agrees, and a second upgrade changes nothing."""
    city = Installation(tmp_path, f"sqlite:///{tmp_path}/city.db")
    before = city.run("database", "check")
    assert before.returncode == 1
    assert "citizencard database upgrade" in before.stderr
    for _ in range(2):
        assert city.run("database", "upgrade").returncode == 0
    assert city.run("database", "check").returncode == 0


def test_check_finds_a_table_that_was_meddled_with(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """A column that somebody added by hand is noticed."""
    url = clone_database("sqlite")
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("ALTER TABLE outlet ADD COLUMN surprise TEXT")
    connection.close()
    found = Installation(tmp_path, url).run("database", "check")
    assert found.returncode == 1
    assert len(found.stderr.splitlines()) == 1


def test_roles_belong_to_postgresql(tmp_path: Path, postgres_port: int) -> None:
    """Roles are made once on a PostgreSQL cluster; a file has none and says so."""
    for _ in range(2):
        assert (
            Installation(tmp_path, postgres.url(postgres_port, "postgres")).run("database", "create-roles").returncode
            == 0
        )
    refused = Installation(tmp_path, f"sqlite:///{tmp_path}/city.db").run("database", "create-roles")
    assert refused.returncode == 1
    assert "Only PostgreSQL has roles" in refused.stderr


def test_missing_database_is_said_in_one_sentence(tmp_path: Path) -> None:
    """A server that is not there, or a folder that does not exist, is no stack trace."""
    for url in ("postgresql://nobody@127.0.0.1:1/city", f"sqlite:///{tmp_path}/missing/city.db"):
        refused = Installation(tmp_path, url).run("database", "upgrade")
        assert refused.returncode == 1
        assert refused.stderr.startswith("Error: The database: ")


def test_old_answers_are_purged(
    tmp_path: Path, database: str, clone_database: Callable[[str], str], now: datetime
) -> None:
    """The nightly purge forgets what is older than thirty days and keeps the rest."""
    url = clone_database(database)
    engine = make_engine(url)
    sessions = make_sessions(engine)
    real = datetime.now(now.tzinfo)
    for key, at in (("old", real - KEPT * 2), ("young", real)):
        with transaction(sessions) as session, once(session, "scope", key, hash_of("POST", "/", b""), at) as slot:
            slot.store(204, {})
    purged = Installation(tmp_path, url).run("database", "purge")
    assert purged.stdout == "1 old answers forgotten\n"
    with reading(sessions) as session:
        assert [row.key for row in session.query(IdempotencyKey)] == ["young"]
    engine.dispose()
