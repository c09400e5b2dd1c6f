"""`citizencard ledger export` and `ledger import-opening`: the books as a file for other programs, and the old books as a file for ours."""

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, Final

import click
from sqlalchemy.orm import Session

from citizencard.cards.states import Deed
from citizencard.cli.backups.progress import Progress
from citizencard.cli.ledger_tables import grouped_yuan
from citizencard.cli.start import command_line, open_city
from citizencard.clock import now
from citizencard.db import Sessions, is_postgresql, reading, transaction
from citizencard.settlement.errors import OpeningFileUnusable
from citizencard.settlement.opening import OpeningFile, OpeningReport, check_opening, import_opening
from citizencard.settlement.opening_file import MAX_FILE_BYTES
from ledger.export import Format, export, period_of

DAY: Final = click.DateTime(["%Y-%m-%d"])
OWNER_ONLY: Final = 0o600
SOME_REJECTED: Final = 1
UNUSABLE: Final = 2
REJECTS_TOLD: Final = 20


def date_of(given: datetime | None) -> date | None:
    """The date that was given as an option."""
    return None if given is None else given.date()


@contextlib.contextmanager
def one_moment(sessions: Sessions) -> Iterator[Session]:
    """A look at the books that sees one moment from its first statement to its last, and holds up no writer."""
    with reading(sessions) as session:
        # On SQLite a reading transaction is of one moment anyway.
        if is_postgresql(session):
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner's eyes that appears under its name when everything is written, on disk, or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@click.command("export")
@click.option(
    "--format", "kind", required=True, type=click.Choice([kind.value for kind in Format]), help="What reads it."
)
@click.option("--from", "first", type=DAY, help="First business day (YYYY-MM-DD); without it, from the beginning.")
@click.option("--to", "last", type=DAY, help="Last business day, included; without it, to this moment.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; without it, the standard output.")
def export_books(*, kind: str, first: datetime | None, last: datetime | None, out: Path | None) -> None:
    """Write the books of some business days for another accounting program, with opening balances and the closing ones asserted."""
    progress = Progress()
    target: AbstractContextManager[BinaryIO] = (
        contextlib.nullcontext(sys.stdout.buffer) if out is None else whole_file(out)
    )
    with one_moment(open_city().sessions) as session:
        period = period_of(session, date_of(first), date_of(last))
        progress.step(f"business days {period.first} to {period.last}")
        with target as file:
            for text in export(session, period, Format(kind), progress.share):
                file.write(text.encode())
            file.flush()
    if out is not None:
        finality = "final" if period.final else "not final: the last day is still open"
        click.echo(f"{out}: business days {period.first} to {period.last}, {finality}")


@click.command("import-opening")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="Of this import, for ever: the same name with other content is refused.")
@click.option("--as-of", type=DAY, help="The morning the balances are of; by default that of the first business day.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of it.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def import_opening_file(  # noqa: PLR0913 # one for each option
    context: click.Context, *, file: Path, name: str, as_of: datetime | None, dry_run: bool, as_json: bool
) -> None:
    """Take opening balances from a CSV FILE (account,balance_fen): all of it or nothing.

    Exit status 0: it is in, or would be; 1: lines were rejected; 2: nothing can be made of the file.
    """
    with file.open("rb") as source:
        opening = OpeningFile(name, source.read(MAX_FILE_BYTES + 1), date_of(as_of))
    sessions = open_city().sessions
    try:
        if dry_run:
            with reading(sessions) as session:
                report = check_opening(session, opening)
        else:
            with transaction(sessions) as session:
                report = import_opening(session, opening, Deed(command_line("ledger-import-opening"), now()))
    except OpeningFileUnusable as refusal:
        click.echo(f"{refusal.title}: {refusal}", err=True)
        context.exit(UNUSABLE)
    _tell(report, dry_run=dry_run, as_json=as_json)
    context.exit(SOME_REJECTED if report.rejected else 0)


def _tell(report: OpeningReport, *, dry_run: bool, as_json: bool) -> None:
    taken = not (dry_run or report.rejected or report.known_before)
    if as_json:
        document = {
            "name": report.name,
            "taken": taken,
            "known_before": report.known_before,
            "accounts": report.accounts,
            "debit_fen": report.debit_fen,
            "credit_fen": report.credit_fen,
            "rejected": [{"line": one.line, "field": one.field, "reason": one.reason} for one in report.rejected],
        }
        click.echo(json.dumps(document, indent=1))
        return
    for reject in report.rejected[:REJECTS_TOLD]:
        click.echo(f"line {reject.line}: {reject.field or 'line'}: {reject.reason}", err=True)
    if len(report.rejected) > REJECTS_TOLD:
        click.echo(f"and {len(report.rejected) - REJECTS_TOLD} more; --json lists them all", err=True)
    if report.rejected:
        verdict = f"{len(report.rejected)} lines rejected: NOTHING IS TAKEN"
    elif report.known_before:
        verdict = "imported before: nothing to do"
    else:
        verdict = "taken" if taken else "would be taken"
    click.echo(f"{report.name}: {report.accounts} accounts, {verdict}")
    debit, credit, rest = (
        grouped_yuan(fen) for fen in (report.debit_fen, report.credit_fen, report.debit_fen - report.credit_fen)
    )
    click.echo(f"debits {debit}, credits {credit}; equity:opening gets {rest}")
