"""`citizencard bills …`: taking a utility's file of bills, and taking a bill back."""

import io
import json
import os
from pathlib import Path
from typing import BinaryIO, Final

import click

from citizencard.billing.errors import BillFileUnusable
from citizencard.billing.importing import BillFile, ImportReport, import_bills, reject_csv
from citizencard.billing.lines import MAX_FILE_BYTES
from citizencard.billing.paying import cancel_bill
from citizencard.cards.states import Deed
from citizencard.cli.start import command_line, open_city
from citizencard.clock import now
from citizencard.db import transaction

SOME_REJECTED: Final = 1
UNUSABLE: Final = 2
OWNER_ONLY: Final = 0o600
REJECTS_TOLD: Final = 20


@click.group()
def bills() -> None:
    """Bills of utilities."""


@bills.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--service", "service_id", required=True, help="Whose bills: an id utl_….")
@click.option(
    "--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Where rejected lines are written, as CSV."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def import_file(context: click.Context, *, file: Path, service_id: str, rejects: Path | None, as_json: bool) -> None:
    """Take a file of bills. Exit status 0: all lines are in; 1: some were rejected; 2: nothing can be made of the file."""
    with file.open("rb") as source:
        raw = source.read(MAX_FILE_BYTES + 1)
    city = open_city()
    with _reject_file(rejects) as written:
        try:
            with transaction(city.sessions) as session:
                deed = Deed(command_line("bills-import"), now())
                report = import_bills(session, BillFile(service_id, file.name, raw), deed)
        except BillFileUnusable as refusal:
            click.echo(f"{refusal.title}: {refusal}", err=True)
            context.exit(UNUSABLE)
        written.write(reject_csv(report))
    _tell(report, rejects, as_json=as_json)
    context.exit(SOME_REJECTED if report.rejected else 0)


@bills.command("cancel")
@click.option("--bill", "bill_id", required=True, help="The bill: an id bil_….")
@click.option("--reason", required=True, help="Why the utility takes it back.")
def cancel(*, bill_id: str, reason: str) -> None:
    """Take an open bill back: nobody can pay it any more."""
    city = open_city()
    with transaction(city.sessions) as session:
        cancel_bill(session, bill_id, Deed(command_line("bills-cancel"), now(), reason))
    click.echo(f"{bill_id} is cancelled")


def _reject_file(rejects: Path | None) -> BinaryIO:
    """Opened before anything is imported: a place that cannot be written to is found out in time. Household numbers: its owner's alone."""
    if rejects is None:
        return io.BytesIO()
    return os.fdopen(os.open(rejects, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "wb")


def _tell(report: ImportReport, rejects: Path | None, *, as_json: bool) -> None:
    counts = {
        "import": report.import_id,
        "accepted": report.accepted,
        "accepted_fen": report.accepted_fen,
        "duplicates": report.duplicates,
        "rejected": len(report.rejected),
    }
    if as_json:
        click.echo(json.dumps(counts))
        return
    click.echo(
        f"{report.import_id}: {report.accepted} accepted, {report.duplicates} known before, {len(report.rejected)} rejected"
    )
    for reject in report.rejected[:REJECTS_TOLD] if rejects is None else ():
        click.echo(f"line {reject.line}: {reject.field or 'line'}: {reject.reason}", err=True)
