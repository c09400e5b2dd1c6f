"""`citizencard database …`: make and upgrade the tables, check them, make PostgreSQL's roles, forget old request keys."""

import os

import click

from citizencard.cli.start import check_current, open_city
from citizencard.clock import now
from citizencard.config import Settings
from citizencard.db import check_durability, make_engine, transaction
from citizencard.errors import CitizencardError
from citizencard.idempotency.slots import purge
from citizencard.migrations import check, upgrade
from citizencard.migrations.grants import create_roles


class NoRolesHere(CitizencardError):
    """Only PostgreSQL has roles."""

    code = "database_has_no_roles"


@click.group()
def database() -> None:
    """The database that the settings name."""


@database.command("upgrade")
def upgrade_database() -> None:
    """Bring the tables to the newest revision; safe to run again, and by two at once."""
    engine = make_engine(Settings.from_env(os.environ).database_url)
    upgrade(engine)
    # The migrations' own connection has weaker settings (foreign keys off on SQLite): what is checked is a new one.
    engine.dispose()
    check_durability(engine)
    click.echo("the database is at the newest revision")


@database.command("check")
def check_database() -> None:
    """Say whether the database keeps what it acknowledges, is current, and has the tables that the program believes in."""
    engine = make_engine(Settings.from_env(os.environ).database_url)
    check_durability(engine)
    check_current(engine)
    check(engine)
    click.echo("the database is durable, current and as the program believes")


@database.command("create-roles")
def create_database_roles() -> None:
    """Make PostgreSQL's roles for migrator, app and auditor where they are missing; run it as an administrator of the cluster."""
    engine = make_engine(Settings.from_env(os.environ).database_url)
    if engine.dialect.name != "postgresql":
        raise NoRolesHere("this database is a file; its owner is who may read it")
    with engine.begin() as connection:
        create_roles(connection)
    click.echo("the roles exist; `citizencard database upgrade` gives them their rights")


@database.command("purge")
def purge_database() -> None:
    """Forget the answers to requests that are older than 30 days; for a nightly timer."""
    city = open_city()
    forgotten, more = 0, True
    while more:
        with transaction(city.sessions) as session:
            count = purge(session, now())
        forgotten, more = forgotten + count, count > 0
    click.echo(f"{forgotten} old answers forgotten")
