"""The command `citizencard`: one line here for each group of commands."""

import os
import sys
from typing import Any, Final

import click
from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from citizencard.cli.backup import backup
from citizencard.cli.bills import bills
from citizencard.cli.bootstrap import bootstrap
from citizencard.cli.database import database
from citizencard.cli.day import day
from citizencard.cli.keys import keys
from citizencard.cli.ledger import ledger
from citizencard.cli.nightly import nightly
from citizencard.cli.payments import payments
from citizencard.cli.staff import staff
from citizencard.cli.tariff import tariff
from citizencard.errors import CitizencardError
from ledger.errors import LedgerError

COMMANDS: Final[tuple[click.Command, ...]] = (
    backup,
    bills,
    bootstrap,
    database,
    day,
    keys,
    ledger,
    nightly,
    payments,
    staff,
    tariff,
)
"""A new group of commands is written in a module of its own and named here."""


class Refusing(click.Group):
    """A group whose refusals are one sentence on the error output and exit status 1; wrong usage is status 2."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 # click's own signature
        """Carry out the command, and say in one sentence why it was refused."""
        try:
            return super().invoke(ctx)
        except (CitizencardError, LedgerError) as refusal:
            raise click.ClickException(f"{refusal.title}: {refusal}") from None
        except CommandError as refusal:
            raise click.ClickException(f"The database's history: {_first_line(refusal)}") from None
        except SQLAlchemyError as failure:
            # The message of the driver alone: SQLAlchemy's own would add the statement and its values.
            cause = getattr(failure, "orig", None) or type(failure).__name__
            raise click.ClickException(f"The database: {_first_line(cause)}") from None
        except BrokenPipeError:
            # Whoever reads has enough, as `head` does. What is not written yet goes nowhere, or Python would complain when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except OSError as failure:
            raise click.ClickException(
                f"{failure.strerror or failure}: {failure.filename or ''}".rstrip(": ")
            ) from None


@click.group(cls=Refusing)
def main() -> None:
    """The server side of the citizen card; settings come from CITIZENCARD_… in the environment."""


for command in COMMANDS:
    main.add_command(command)


def _first_line(cause: object) -> str:
    return (str(cause).strip().splitlines() or [""])[0]
