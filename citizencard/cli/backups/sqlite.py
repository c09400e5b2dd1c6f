"""SQLite: copied page by page while others write, as one snapshot (SQLite's online backup API)."""

import os
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from citizencard.cli.backups.errors import BackupAltered, TargetNotEmpty
from citizencard.cli.backups.manifest import create_private
from citizencard.cli.backups.progress import Progress

PAGES_A_STEP: Final = 2048


def path_of(url: str) -> Path:
    """The file that a database address names."""
    return Path(make_url(url).database or "")


def copy_database(source: Path, target: Path, progress: Progress) -> None:
    """Copy a living database into a new file of mode 0600, as it is at this moment.

    The reading transaction that is held meanwhile keeps the snapshot: writers go on, and the copy never has to begin again.
    """
    os.close(create_private(target))
    reader = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reader.backup(
            copy, pages=PAGES_A_STEP, progress=lambda _status, left, total: progress.share(total - left, total)
        )
    finally:
        copy.close()
        reader.close()


def settle(path: Path) -> None:
    """Bring all of a database into its one file, and that onto the disk: no log beside it, nobody has it open.

    Raises:
        BackupAltered: the file is not a whole database.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
    except sqlite3.DatabaseError:
        found = ["not a database"]
    finally:
        connection.close()
    if found != ["ok"]:
        raise BackupAltered(f"{path.name} is not a whole SQLite database")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def check_empty(target: Path) -> None:
    """Refuse to restore over a file.

    Raises:
        TargetNotEmpty: there is one, or the log of one.
    """
    for path in (target, *(target.with_name(f"{target.name}{end}") for end in ("-wal", "-journal"))):
        if path.exists():
            raise TargetNotEmpty(f"{path} exists; move it away first")
