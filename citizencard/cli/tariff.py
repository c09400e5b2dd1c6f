"""`citizencard tariff …`: checking, showing and comparing tariffs, and pricing events by them. Files need no settings and no database."""

import json
from pathlib import Path

import click

from citizencard.cli.tariff_files import TellingMachines, as_json_option, error_data, json_file
from citizencard.cli.tariff_quote import quote_events
from citizencard.cli.tariff_show import diff_tariffs, show_tariff
from citizencard.cli.tariff_simulate import simulate_tariff
from citizencard.tariffs.checks import Fault
from citizencard.tariffs.device import compile_table
from citizencard.tariffs.document import Tariff, check, read
from citizencard.tariffs.errors import DocumentUnreadable, TariffNotForDevices

WRONG = 1
FAULTS_LISTED = 200
PARTS = frozenset({"transit", "parking", "taxi", "fuel", "utilities", "late_fees"})
NO_PRICE = f"says no price of anything: it has none of {', '.join(sorted(PARTS))}"


@click.group(cls=TellingMachines)
def tariff() -> None:
    """Tariffs: what rides, parking, taxis, fuel and utilities cost."""


tariff.add_command(quote_events)
tariff.add_command(show_tariff)
tariff.add_command(diff_tariffs)
tariff.add_command(simulate_tariff)


@tariff.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@as_json_option
@click.pass_context
def check_file(context: click.Context, *, file: Path, as_json: bool) -> None:
    """Name every mistake of a FILE with its place. Exit status 0: it can be published; 1: it has mistakes."""
    unread: dict[str, object] = {}
    try:
        document = json_file(file)
    except DocumentUnreadable as refusal:
        document, faults = None, [Fault("", str(refusal))]
        unread = {"error": error_data(refusal)}
    else:
        faults = check(document)
    warnings = [] if faults or not isinstance(document, dict) or PARTS & document.keys() else [NO_PRICE]
    if as_json:
        listed = [{"place": fault.place, "message": fault.message} for fault in faults]
        said = {"file": str(file), "faults": listed, "warnings": warnings, **unread}
        click.echo(json.dumps(said, ensure_ascii=False, indent=1))
        context.exit(WRONG if faults else 0)
    for fault in faults[:FAULTS_LISTED]:
        click.echo(fault)
    if len(faults) > FAULTS_LISTED:
        click.echo(f"and {len(faults) - FAULTS_LISTED} more; --json lists them all")
    if faults:
        click.echo(f"{file}: {len(faults)} {'mistake' if len(faults) == 1 else 'mistakes'}", err=True)
        context.exit(WRONG)
    sound = read(document)
    click.echo(f"{file}: no mistakes: {sound.name}, version {sound.version}, from {sound.effective_from.isoformat()}")
    for warning in warnings:
        click.echo(f"warning: {warning}")
    if sound.transit is not None or sound.parking:
        _tell_devices(sound)


def _tell_devices(sound: Tariff) -> None:
    """Whether a validator can price by it: a tariff may be good for the server and too large for the fields of a device table."""
    try:
        click.echo(f"table for devices: {len(compile_table(sound))} bytes")
    except TariffNotForDevices as refusal:
        click.echo(f"no device can price by it: {refusal}", err=True)
