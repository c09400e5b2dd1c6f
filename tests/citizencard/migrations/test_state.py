"""Is the database where this version needs it?"""

from pathlib import Path

from citizencard.db import Sessions, make_engine, make_sessions
from citizencard.migrations import upgrade
from citizencard.migrations.state import is_at_head, newest_revision


def test_current_database_is_current(sessions: Sessions) -> None:
    """A server before a migrated database may work."""
    assert newest_revision()
    assert is_at_head(sessions)


def test_older_database_is_not(tmp_path: Path) -> None:
    """A server that is newer than its database waits for the migration."""
    engine = make_engine(f"sqlite:///{tmp_path / 'old.db'}")
    assert not is_at_head(make_sessions(engine))
    upgrade(engine, "0001_ledger")
    assert not is_at_head(make_sessions(engine))
    upgrade(engine)
    assert is_at_head(make_sessions(engine))
    engine.dispose()
