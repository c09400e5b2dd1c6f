"""`citizencard ledger freeze`, `unfreeze`, `close-account` and `expire-holds`: what an operator may do to accounts and holds."""

from collections.abc import Callable

import click
from sqlalchemy.orm import Session

from citizencard.accounts.freezing import close, freeze, unfreeze
from citizencard.cards.states import Deed
from citizencard.cli.start import command_line, open_city
from citizencard.clock import now
from citizencard.db import reading, transaction
from citizencard.settlement.flow import end_due_holds
from ledger import balance

Act = Callable[[Session, str, str, Deed], None]

reason_option = click.option(
    "--reason", required=True, help="Why, in words without a person's number; kept in the audit."
)


@click.command("freeze")
@click.argument("account")
@reason_option
def freeze_account(*, account: str, reason: str) -> None:
    """Let nothing leave an ACCOUNT until `unfreeze`; money still comes in, and what is only written down is written down."""
    _carry_out(freeze, "ledger-freeze", account, reason)


@click.command("unfreeze")
@click.argument("account")
@reason_option
def unfreeze_account(*, account: str, reason: str) -> None:
    """Take a `freeze` back. An on-line account stays frozen while a card that pays from it is reported lost."""
    _carry_out(unfreeze, "ledger-unfreeze", account, reason)


@click.command("close-account")
@click.argument("account")
@reason_option
def close_account(*, account: str, reason: str) -> None:
    """Close an ACCOUNT that is at zero, for ever."""
    _carry_out(close, "ledger-close-account", account, reason)


@click.command("expire-holds")
def expire_due_holds() -> None:
    """End holds whose time is over. It only tidies up: a posting ends those that are in its way itself."""
    click.echo(f"{end_due_holds(open_city().sessions, now())} holds were over and are ended")


def _carry_out(act: Act, name: str, account: str, reason: str) -> None:
    sessions = open_city().sessions
    with transaction(sessions) as session:
        act(session, account, reason, Deed(command_line(name), now()))
    with reading(sessions) as session:
        click.echo(f"{account}: {balance(session, account).state}")
