"""PostgreSQL: `pg_dump` and `pg_restore` in the custom format, from one exported snapshot, the password in no argument."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from citizencard.cli.backups.errors import TargetNotEmpty, ToolFailed, ToolMissing
from citizencard.cli.backups.manifest import create_private
from citizencard.migrations.grants import MIGRATOR, create_roles

PACKAGE: Final = "postgresql-client"
TOOL_LIMIT_S: Final = 12 * 60 * 60
LOCK_WAIT_MS: Final = 10_000
DEBIAN: Final = Path("/usr/lib/postgresql")


def export_snapshot(connection: Connection) -> str:
    """Name of what this transaction sees, for others to see the same. The transaction is REPEATABLE READ and stays open meanwhile."""
    name: str = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
    return name


def dump_database(url: str, snapshot: str, target: Path) -> None:
    """Write the database as the snapshot shows it into a new file of mode 0600; owners and rights are not in it.

    Raises:
        ToolMissing, ToolFailed: there is no `pg_dump`, or it gave up.
    """
    os.close(create_private(target))
    _run(
        "pg_dump",
        url,
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--lock-wait-timeout={LOCK_WAIT_MS}",
        f"--snapshot={snapshot}",
        f"--file={target}",
    )
    with target.open("rb") as file:
        os.fsync(file.fileno())


def restore_database(url: str, source: Path, owner: str | None) -> None:
    """Fill an empty database from a dump: all of it or nothing.

    Args:
        url: the database.
        source: the dump.
        owner: role that shall own the tables; None for the role of the address.

    Raises:
        ToolMissing, ToolFailed: there is no `pg_restore`, or it gave up, and the database is as empty as before.
    """
    role = () if owner is None else (f"--role={owner}",)
    _run(
        "pg_restore",
        url,
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        "--no-privileges",
        *role,
        str(source),
    )


def list_dump(source: Path) -> None:
    """Let `pg_restore` read the table of contents, without a database.

    Raises:
        ToolMissing, ToolFailed: there is no `pg_restore`, or it cannot read the dump.
    """
    _run("pg_restore", None, "--list", str(source))


def check_empty(connection: Connection) -> None:
    """Refuse to restore beside other tables.

    Raises:
        TargetNotEmpty: the database holds some.
    """
    found = connection.execute(
        text(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY c.relname LIMIT 1"
        )
    ).scalar()
    if found is not None:
        raise TargetNotEmpty(f"the database holds {found}; make an empty one")


def ready_roles(engine: Engine) -> str | None:
    """Make the three roles where they are missing and this address may; say who shall own the tables.

    Returns:
        The migrator for a superuser, who should own nothing here; None otherwise: the role of the address is the owner.
    """
    with engine.begin() as connection:
        may = connection.execute(
            text("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        ).one()
        if may.rolsuper or may.rolcreaterole:
            create_roles(connection)
        if not may.rolsuper:
            return None
        connection.exec_driver_sql(f"GRANT ALL ON SCHEMA public TO {MIGRATOR}")
        return MIGRATOR


def act_as(engine: Engine, role: str) -> None:
    """Let every connection of the engine work as this role, so that what it makes belongs to the role."""

    @event.listens_for(engine, "connect")
    def _take_role(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET ROLE {role}")
        cursor.close()
        connection.commit()


def _run(program: str, url: str | None, *arguments: str) -> None:
    environ = dict(os.environ)
    connecting: Sequence[str] = ()
    if url is not None:
        parts = make_url(url)
        given = parts.translate_connect_args(username="user", database="dbname")
        password = given.pop("password", None)
        if password:
            environ["PGPASSWORD"] = str(password)
        options = {name: value for name, value in parts.query.items() if isinstance(value, str)}
        connecting = ("--no-password", f"--dbname={make_conninfo('', **given, **options)}")
    try:
        done = subprocess.run(  # noqa: S603 # our own words and a file's path, no shell
            [_find(program), *connecting, *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=TOOL_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolFailed(f"{program} was not done within {TOOL_LIMIT_S // 3600} hours") from None
    if done.returncode:
        said = (done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"])[0]
        raise ToolFailed(said if said.startswith(program) else f"{program}: {said}")


def _find(program: str) -> str:
    """The program on the path, or the newest of those that Debian keeps beside it.

    Raises:
        ToolMissing: names the package.
    """
    found = shutil.which(program)
    if found:
        return found
    beside = sorted(
        (path for path in DEBIAN.glob(f"*/bin/{program}") if path.parts[-3].isdigit()),
        key=lambda path: int(path.parts[-3]),
    )
    if not beside:
        raise ToolMissing(f"{program} is in the package {PACKAGE}: apt-get install {PACKAGE}")
    return str(beside[-1])
