"""`citizencard staff …`: help for somebody who cannot sign in any more."""

import json

import click

from citizencard.cli.start import command_line, open_city
from citizencard.clock import now
from citizencard.db import transaction
from citizencard.staff.members import reset


@click.group()
def staff() -> None:
    """Logins of staff."""


@staff.command("reset")
@click.option("--login", required=True, help="Whose password and authenticator are lost.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def reset_login(*, login: str, as_json: bool) -> None:
    """Take password and authenticator away, end the sessions, and print a one-time token that is good for 24 hours."""
    city = open_city()
    with transaction(city.sessions) as session:
        created = reset(session, login, command_line("staff-reset"), now())
    if as_json:
        click.echo(json.dumps({"login": created.login, "one_time_token": created.one_time_token}))
    else:
        click.echo(f"{created.login}, one-time token (24 hours): {created.one_time_token}")
