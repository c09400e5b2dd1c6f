"""Whether a database is where this version of the program needs it."""

from functools import cache

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from citizencard.db import Sessions, reading
from citizencard.migrations import configuration


def is_at_head(sessions: Sessions) -> bool:
    """Whether the database's history ends with this program's newest migration."""
    with reading(sessions) as session:
        found = MigrationContext.configure(session.connection()).get_current_revision()
    return found == newest_revision()


@cache
def newest_revision() -> str | None:
    """The last revision of the history that this program brings along."""
    return ScriptDirectory.from_config(configuration()).get_current_head()
