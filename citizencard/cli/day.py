"""`citizencard day …`: closing the business day, for a nightly timer or by hand, and looking at a closed one."""

import json
from datetime import date, timedelta

import click

from citizencard.cli.backups.progress import Progress
from citizencard.cli.ledger_seals import leave_head
from citizencard.cli.start import City, command_line, open_city
from citizencard.clock import beijing_date, now
from citizencard.db import reading
from citizencard.errors import CitizencardError
from citizencard.settlement.flow import DayClosing, settle_day, settle_unfinished, settled_day
from citizencard.settlement.models import CustodyCertificate
from ledger import open_day


class DayNotOver(CitizencardError):
    """The business day is not over yet; `--early` closes it all the same."""

    code = "day_not_over"
    public = ("day",)


@click.group()
def day() -> None:
    """Business days (营业日)."""


@day.command("open")
def show_open_day() -> None:
    """Print the business day that is open."""
    with reading(open_city().sessions) as session:
        click.echo(open_day(session).isoformat())


@day.command("close")
@click.option("--early", is_flag=True, help="Close it although it is not over in Beijing.")
def close_open_day(*, early: bool) -> None:
    """Close the open business day, seal it, net every merchant, issue the custody certificate, and write the signed head of the seals.

    Before the netting, what caps and other rules over cards' histories give back is booked. A day that a crash left is settled first.
    """
    city = open_city()
    instant = now()
    with reading(city.sessions) as session:
        ending = open_day(session)
    progress = Progress()

    def told(name: str, done: int) -> None:
        progress.step(f"{name}: {done}")

    for left in settle_unfinished(city.sessions, ending, instant, told):
        click.echo(f"{left.closed.day} was closed before and is settled now")
    if ending >= beijing_date(instant) and not early:
        raise DayNotOver(f"{ending} is still going on in Beijing", day=ending)
    settled = settle_day(
        city.sessions, DayClosing(ending, ending + timedelta(days=1)), command_line("day close"), instant, told
    )
    click.echo(f"{ending} is closed: {len(settled.positions)} net positions")
    _print_certificate(settled.certificate)
    _leave_head(city)


@day.command("show")
@click.argument("closed", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def show_day(closed: date, *, as_json: bool) -> None:
    """Print net positions and custody certificate of a CLOSED day (YYYY-MM-DD); amounts in fen."""
    asked = date(closed.year, closed.month, closed.day)
    positions, certificate = settled_day(open_city().sessions, asked)
    if as_json:
        columns = ("merchant_id", "clearing_fen", "payable_fen", "subsidy_fen", "suspense_fen")
        document = {
            "day": asked.isoformat(),
            "net_positions": [{name: getattr(one, name) for name in columns} for one in positions],
            "certificate": {
                name: getattr(certificate, name)
                for name in ("cover_fen", "owed_fen", "surplus_fen", "custody_fen", "cover_parts", "owed_parts")
            },
        }
        click.echo(json.dumps(document, indent=1))
        return
    for one in positions:
        click.echo(f"{one.merchant_id}  netted {one.clearing_fen}  payable {one.payable_fen}")
    _print_certificate(certificate)


def _leave_head(city: City) -> None:
    """The day is closed whatever becomes of the head: it can be written at any time afterwards."""
    try:
        written = leave_head(city)
    except (CitizencardError, OSError) as refusal:
        click.echo(f"no head was written, run `citizencard ledger seal`: {refusal}", err=True)
        return
    if written is not None:
        click.echo(f"head of the seals: {written.path}")


def _print_certificate(certificate: CustodyCertificate) -> None:
    click.echo(
        f"custody certificate: cover {certificate.cover_fen}, owed {certificate.owed_fen}, surplus {certificate.surplus_fen} fen"
    )
