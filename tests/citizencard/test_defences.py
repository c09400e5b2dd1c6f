"""The database's own defences: triggers and CHECKs that no comparison of models sees. A migration that drops one is noticed here.

`defences.json` is the stored list; a migration that means to change it changes the list in the same commit.
"""

import json
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from citizencard.db import make_engine
from citizencard.migrations.grants import APPEND_ONLY

STORED = Path(__file__).parent / "defences.json"
TRIGGERS = {
    "sqlite": "SELECT tbl_name || ': ' || name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgrelid::regclass || ': ' || tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def defences(engine: Engine) -> dict[str, list[str]]:
    """Names of all triggers and CHECKs of a database."""
    inspector = inspect(engine)
    with engine.connect() as connection:
        triggers = sorted(connection.execute(text(TRIGGERS[engine.dialect.name])).scalars())
    checks = sorted(
        f"{table}: {check['name']}"
        for table in inspector.get_table_names()
        for check in inspector.get_check_constraints(table)
    )
    return {"triggers": triggers, "checks": checks}


def test_no_defence_got_lost(database: str, clone_database: Callable[[str], str]) -> None:
    """What the database refuses by itself today, it refused yesterday."""
    engine = make_engine(clone_database(database))
    stored = json.loads(STORED.read_text())
    found = defences(engine)
    engine.dispose()
    assert found["triggers"] == stored[database]["triggers"]
    assert found["checks"] == stored["checks"]


def test_what_triggers_protect_the_server_may_not_change_either() -> None:
    """Two locks on every table of facts: the trigger, and the missing right of the server's role."""
    protected = {
        name.partition(":")[0] for name in json.loads(STORED.read_text())["sqlite"]["triggers"] if "_no_replace" in name
    }
    assert protected == set(APPEND_ONLY)
