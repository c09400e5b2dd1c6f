"""`citizencard payments …`: the sweep, for a timer that runs every few minutes or by hand."""

import json
import os
import sys
from dataclasses import asdict

import click

from citizencard.checkout.errors import OnlinePaymentUnavailable
from citizencard.checkout.settings import gateway_from_env
from citizencard.checkout.sweep import SweepReport, sweep
from citizencard.cli.start import open_city
from citizencard.clock import now


@click.group()
def payments() -> None:
    """On-line payments: STRIPE_SECRET_KEY_FILE and STRIPE_API_BASE in the environment name the provider."""


@payments.command("sweep")
@click.option("--json", "as_json", is_flag=True, help="The figures, for machines.")
def sweep_payments(*, as_json: bool) -> None:
    """Bring to an end what a crash or a lost answer left open; exit status 1 when something is left for another run."""
    city = open_city()
    gateway = gateway_from_env(os.environ)
    if gateway is None:
        raise OnlinePaymentUnavailable("STRIPE_SECRET_KEY_FILE names no key")
    report = sweep(city.sessions, gateway, now(), None if as_json else _tell)
    if as_json:
        click.echo(json.dumps({**asdict(report), "all_done": report.is_all_done}, indent=1))
    else:
        _print(report)
    sys.exit(0 if report.is_all_done else 1)


def _tell(what: str, count: int) -> None:
    click.echo(f"{what}: {count}", err=True)


def _print(report: SweepReport) -> None:
    click.echo(f"reports: {report.events_handled} handled, {report.events_left} left")
    click.echo(f"requests without an answer: {report.tries_ended} ended, {report.tries_left} left")
    click.echo(f"payments under way: {report.looked_up} looked up, {report.cancelled} cancelled")
    click.echo(f"refunds: {report.refunds_ended} sent, {report.refunds_left} left")
    compared = "not possible here" if report.compared is None else f"{report.compared} objects of the last 48 hours"
    click.echo(f"compared: {compared}, {report.booked_by_comparison} booked, {report.missing} missing")
    verdict = "nothing is left" if report.is_all_done else "SOMETHING IS LEFT: run it again"
    click.echo(f"{report.faults} faults: {verdict}")
