"""What commands begin with: settings from the environment, a database that is safe and current, and who runs the command."""

import os
import socket
from dataclasses import dataclass
from typing import Final

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from citizencard.audit import Actor
from citizencard.config import Settings
from citizencard.db import Sessions, check_durability, make_engine, make_sessions
from citizencard.errors import CitizencardError
from citizencard.migrations import configuration

WORKSTATION_CHARS: Final = 64


class DatabaseNotCurrent(CitizencardError):
    """The database is not at the newest revision; run `citizencard database upgrade`."""

    code = "database_not_current"


@dataclass(frozen=True, slots=True)
class City:
    """An installation that a command works on."""

    settings: Settings
    engine: Engine
    sessions: Sessions


def open_city() -> City:
    """The installation that the environment names, with a database that keeps what it acknowledges and is at the newest revision.

    Raises:
        SettingsInvalid: settings are missing or wrong.
        DatabaseUnsafe: the database could forget.
        DatabaseNotCurrent: it has to be upgraded first.
    """
    settings = Settings.from_env(os.environ)
    engine = make_engine(settings.database_url)
    check_durability(engine)
    check_current(engine)
    return City(settings, engine, make_sessions(engine))


def check_current(engine: Engine) -> None:
    """Refuse a database that is not at the newest revision of this program.

    Raises:
        DatabaseNotCurrent: names both revisions.
    """
    newest = ScriptDirectory.from_config(configuration(engine)).get_current_head()
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != newest:
        raise DatabaseNotCurrent(f"it is at {found or 'no revision'}, this program needs {newest}")


def command_line(act: str) -> Actor:
    """Who acts when a command is run: the system, from this machine, under this user's number."""
    place = f"uid-{os.getuid()}@{socket.gethostname()}"
    return Actor("system", f"cli:{act}", workstation=place[:WORKSTATION_CHARS])
