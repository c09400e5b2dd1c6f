"""`citizencard nightly`: what a city does every night, one job after the other, each in a process and with a time limit of its own.

A timer for where there is no cron: it waits for its hour, works, and waits again. With `--once` it is a job for somebody else's timer.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from citizencard.cli.backups.manifest import MANIFEST
from citizencard.clock import BEIJING, beijing_date, now

JOB_LIMIT_S: Final = 6 * 60 * 60
LONGEST_SLEEP_S: Final = 60
AT_REST: Final = frozenset({("day", "close"), ("ledger", "seal")})
"""Commands that take the ledger's barrier alone."""
TRIES: Final = 3
PAUSE_S: Final = 5
MAX_DAYS_BEHIND: Final = 31
KEPT: Final = 30
STAMP: Final = "%Y-%m-%dT%H%M%SZ"
STAMPED: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z")
FOLDER: Final = click.Path(path_type=Path, file_okay=False)


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where the nights' backups stand, each in a folder named by its instant; the newest `kept` stay."""

    database: Path
    vault: Path
    kept: int


@click.command("nightly")
@click.option("--at", default="00:30", show_default=True, help="When, HH:MM in Beijing.")
@click.option("--database-to", required=True, type=FOLDER, help="Folder for the nights' backups of the database.")
@click.option("--vault-to", required=True, type=FOLDER, help="Folder for the nights' backups of the vault.")
@click.option("--keep", default=KEPT, show_default=True, type=click.IntRange(1, 10_000), help="So many nights stay.")
@click.option("--once", is_flag=True, help="Work now and end; exit status 1 when a job did not succeed.")
def nightly(*, at: str, database_to: Path, vault_to: Path, keep: int, once: bool) -> None:
    """Every night: close the days that are over, look after payments, purge, end holds, retire keys, seal, back up, prove, verify.

    A job that fails is told on the error output and does not stop the next one.
    """
    try:
        hour = datetime.strptime(at, "%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise click.BadParameter("a time like 00:30", param_hint="--at") from None
    shelves = Shelves(database_to, vault_to, keep)
    while not once:
        _wait_until(next_night(now(), hour))
        work(shelves)
    sys.exit(0 if work(shelves) else 1)


def next_night(instant: datetime, hour: datetime) -> datetime:
    """The next instant after this one at which clocks in Beijing show the hour and minute."""
    here = instant.astimezone(BEIJING)
    candidate = here.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
    return (candidate if candidate > here else candidate + timedelta(days=1)).astimezone(UTC)


def work(shelves: Shelves) -> bool:
    """One night's jobs; whether all of them succeeded."""
    stamp = now().strftime(STAMP)
    succeeded = close_days()
    for arguments in jobs(shelves, stamp):
        succeeded = _tried(arguments) and succeeded
    for shelf in (shelves.database, shelves.vault):
        try:
            clear(shelf, shelves.kept)
        except OSError as failure:
            # Also when another night's work is clearing up at the same time. The timer goes on.
            click.echo(f"clearing {shelf}: {failure.strerror}", err=True)
            succeeded = False
    return succeeded


def jobs(shelves: Shelves, stamp: str) -> Iterator[tuple[str, ...]]:
    """What is done after the days are closed; payments are looked after where there is a provider.

    A day's close has made its snapshots, folded and sealed it; sealing here goes on where that stopped, and leaves the night's head. The
    proof, and then the heads of all nights held against the chains, stop the ledger when something differs.
    """
    if os.environ.get("STRIPE_SECRET_KEY_FILE"):
        yield ("payments", "sweep")
    yield ("database", "purge")
    yield ("ledger", "expire-holds")
    yield ("keys", "due")
    yield ("ledger", "seal")
    yield (
        "backup",
        "create",
        "--database-to",
        str(shelves.database / stamp),
        "--vault-to",
        str(shelves.vault / stamp),
    )
    yield ("ledger", "prove")
    yield ("ledger", "seal", "--verify", "--trail", "--kept", "--stop")


def close_days() -> bool:
    """Close every business day that is over in Beijing, a month of them at most; whether none is left."""
    for _ in range(MAX_DAYS_BEHIND):
        ending = _open_day()
        if ending is None:
            return False
        if ending >= beijing_date(now()):
            return True
        if not _closed(ending):
            return False
    return False


def _closed(ending: date) -> bool:
    """Close a day; whether it is closed now, by us or by somebody else in this moment."""
    return _tried(("day", "close"), lambda: _open_day() != ending)


def _tried(arguments: tuple[str, ...], is_done: Callable[[], bool] = lambda: False) -> bool:
    """One command, and what needs the ledger at rest again where posting did not pause; whether it succeeded, or was done by others."""
    for rest in reversed(range(TRIES if arguments in AT_REST else 1)):
        if run(*arguments) or is_done():
            return True
        if rest:
            time.sleep(PAUSE_S)
    return False


def run(*arguments: str) -> bool:
    """One command in a process of its own; whether it succeeded."""
    click.echo(f"{now():%Y-%m-%d %H:%M:%S} UTC: {' '.join(arguments[:2])}")
    return _command(*arguments, output=None) is not None


def clear(shelf: Path, kept: int) -> None:
    """Remove the oldest backups of a shelf until so many are left. What is no backup of ours stays."""
    found = sorted(
        folder for folder in shelf.glob("*") if STAMPED.fullmatch(folder.name) and (folder / MANIFEST).is_file()
    )
    for folder in found[:-kept]:
        shutil.rmtree(folder)


def _open_day() -> date | None:
    shown = _command("day", "open", output=subprocess.PIPE)
    return None if shown is None else date.fromisoformat(shown.strip())


def _command(*arguments: str, output: int | None) -> str | None:
    """What the command printed, if that is asked for; None when it did not succeed."""
    sys.stdout.flush()
    try:
        done = subprocess.run(  # noqa: S603 # our own commands
            [sys.executable, "-m", "citizencard", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            timeout=JOB_LIMIT_S,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        click.echo(f"{' '.join(arguments[:2])}: not done within {JOB_LIMIT_S // 3600} hours", err=True)
        return None
    if done.returncode:
        click.echo(f"{' '.join(arguments[:2])}: exit status {done.returncode}", err=True)
        return None
    return done.stdout or ""


def _wait_until(instant: datetime) -> None:
    """Sleep in short pieces, so that a clock that was set meanwhile is followed."""
    while (left := (instant - now()).total_seconds()) > 0:
        time.sleep(min(left, LONGEST_SLEEP_S))
