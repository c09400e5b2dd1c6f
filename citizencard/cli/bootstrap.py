"""`citizencard bootstrap`: a city's first minute. Vault, first business day, first administrator; no default accounts."""

import json
from datetime import date, datetime

import click

from citizencard.audit import Actor
from citizencard.cli.start import City, command_line, open_city
from citizencard.clock import beijing_date, now
from citizencard.db import Sessions, reading, transaction
from citizencard.errors import CitizencardError
from citizencard.keys.errors import TokenEmpty
from citizencard.keys.start import create_vault, open_vault
from citizencard.staff.members import CreatedStaff, NewStaff, create_staff, has_administrator
from citizencard.staff.permissions import Role
from ledger import open_first_day


class VaultLost(CitizencardError):
    """The city lives, but its vault is not where the settings say."""

    code = "vault_lost"


@click.command("bootstrap")
@click.option("--login", default="admin", show_default=True, help="Login of the first administrator.")
@click.option("--name", default="First administrator", show_default=True, help="Name of the first administrator.")
@click.option(
    "--person",
    default="first-administrator",
    show_default=True,
    help="Personnel number of the first administrator: the same human under another login has the same one.",
)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="First business day; today in Beijing if not given.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def bootstrap(*, login: str, name: str, person: str, day: datetime | None, as_json: bool) -> None:
    """Begin a city on an upgraded database: key vault, first business day, first administrator.

    The administrator's one-time token is printed once and is good for 24 hours. Run again, it changes nothing and says so.
    """
    instant = now()
    city = open_city()
    _ready_vault(city)
    first = NewStaff(login, name, person, frozenset({Role.SECURITY_ADMIN}))
    first_day = day.date() if day else beijing_date(instant)
    created = begin_city(city.sessions, first, first_day, command_line("bootstrap"), instant)
    if as_json:
        click.echo(json.dumps(_answer(created)))
    elif created is None:
        click.echo("this city was bootstrapped before; nothing was changed")
    else:
        click.echo(f"administrator {created.login}, one-time token (24 hours): {created.one_time_token}")


def begin_city(
    sessions: Sessions, first: NewStaff, first_day: date, actor: Actor, instant: datetime
) -> CreatedStaff | None:
    """Open the first business day and make the first administrator, both or neither; None if there is an administrator.

    Two that begin one city at once take turns at the ledger's barrier, and one of them finds it begun.
    """
    with reading(sessions) as session:
        if has_administrator(session):
            return None
    with transaction(sessions) as session:
        open_first_day(session, first_day, now=instant)
        if has_administrator(session):
            return None
        return create_staff(session, first, actor, instant)


def _ready_vault(city: City) -> None:
    settings = city.settings
    if settings.token is not None:
        try:
            open_vault(settings)
        except TokenEmpty:
            where = f"the key set of the token {settings.token.label}"
        else:
            return
    elif settings.vault_file.exists():
        open_vault(settings)
        return
    else:
        where = str(settings.vault_file)
    with reading(city.sessions) as session:
        lives = has_administrator(session)
    if lives:
        # New keys could read nothing that the old ones encrypted, and would verify no card that the old ones made.
        raise VaultLost(f"{where} is missing; bring it back from its backup")
    create_vault(settings)


def _answer(created: CreatedStaff | None) -> dict[str, object]:
    if created is None:
        return {"already": True}
    return {"already": False, "login": created.login, "one_time_token": created.one_time_token}
