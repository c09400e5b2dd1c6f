"""`citizencard ledger …`: what auditors ask of the books."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

import click
from sqlalchemy.orm import Session

from citizencard.chart import CHART, POOL_OF
from citizencard.cli.ledger_files import DAY, date_of, export_books, import_opening_file, one_moment
from citizencard.cli.ledger_prove import prove_ledger
from citizencard.cli.ledger_seals import release_books, seal_books
from citizencard.cli.ledger_states import close_account, expire_due_holds, freeze_account, unfreeze_account
from citizencard.cli.ledger_tables import Shape, grouped_yuan, shape_of, show
from citizencard.cli.start import open_city
from ledger import (
    Balance,
    PastTrialBalance,
    StatementPage,
    balance,
    balance_at,
    balance_on,
    balances_of_family,
    open_day,
    statement,
    trial_balance,
    trial_balance_at,
    trial_balance_on,
)
from ledger.export import period_of

PAGE: Final = 100
MAX_PAGE: Final = 5_000
FAMILIES: Final = tuple(row.pattern for row in CHART)
ACCOUNT_COLUMNS: Final = (
    "code",
    "type",
    "debits_fen",
    "credits_fen",
    "balance_fen",
    "floor_fen",
    "ceiling_fen",
    "state",
)
STATEMENT_COLUMNS: Final = ("id", "business_date", "occurred_at", "kind", "other", "change_fen", "reference", "journal")
TRIAL_BALANCE_COLUMNS: Final = ("family", "type", "pool", "accounts", "debits_fen", "credits_fen", "balance_fen")

as_json_option = click.option("--json", "as_json", is_flag=True, help="For machines.")
shape_option = click.option(
    "--as",
    "asked",
    type=click.Choice([Shape.TABLE.value, Shape.CSV.value]),
    help="By default a table on a terminal, else CSV.",
)
limit_option = click.option("--limit", default=PAGE, show_default=True, type=click.IntRange(1, MAX_PAGE))


@click.group()
def ledger() -> None:
    """The books. An auditor, who only reads, may run all but `import-opening`, `seal`, `release`, `expire-holds`, and orders."""


ledger.add_command(prove_ledger)
ledger.add_command(export_books)
ledger.add_command(import_opening_file)
ledger.add_command(seal_books)
ledger.add_command(release_books)
ledger.add_command(freeze_account)
ledger.add_command(unfreeze_account)
ledger.add_command(close_account)
ledger.add_command(expire_due_holds)


@ledger.command("accounts")
@click.option("--family", type=click.Choice(FAMILIES), metavar="PATTERN", help="Only accounts of a row of the chart.")
@click.option("--after", default="", help="Only accounts after this code.")
@limit_option
@as_json_option
@shape_option
def list_accounts(*, family: str | None, after: str, limit: int, as_json: bool, asked: str | None) -> None:
    """List accounts and what they hold, row by row of the chart, a page at a time."""
    with one_moment(open_city().sessions) as session:
        families = (family,) if family else _families_from(session, after)
        found = _accounts(session, families, after, limit + 1)
    page, has_more = found[:limit], len(found) > limit
    shape = shape_of(asked, as_json=as_json)
    if shape is Shape.JSON:
        click.echo(json.dumps({"accounts": [asdict(one) for one in page], "has_more": has_more}, indent=1))
        return
    show(ACCOUNT_COLUMNS, (asdict(one) for one in page), shape)
    if has_more:
        click.echo(f"more: --after {page[-1].code}", err=True)


@ledger.command("statement")
@click.argument("account")
@click.option("--from", "first", type=DAY, help="First business day (YYYY-MM-DD).")
@click.option("--to", "last", type=DAY, help="Last business day, included.")
@click.option("--after", default=0, help="Only transfers after this id.")
@limit_option
@as_json_option
@shape_option
def print_statement(  # noqa: PLR0913 # one for each option
    *,
    account: str,
    first: datetime | None,
    last: datetime | None,
    after: int,
    limit: int,
    as_json: bool,
    asked: str | None,
) -> None:
    """Print the transfers of an ACCOUNT in recorded order, a page at a time."""
    with one_moment(open_city().sessions) as session:
        period = period_of(session, date_of(first), date_of(last))
        found = statement(session, account, after_id=max(after, period.after_id), limit=limit)
        held = balance_on(session, account, period.last)
    lines = tuple(line for line in found.lines if line.id <= period.cut_id)
    page = StatementPage(found.code, lines, found.has_more and len(lines) == len(found.lines))
    shape = shape_of(asked, as_json=as_json)
    if shape is Shape.JSON:
        click.echo(
            json.dumps({"balance_fen": held.balance_fen, "final": held.final, **asdict(page)}, default=str, indent=1)
        )
        return
    show(STATEMENT_COLUMNS, (asdict(line) for line in page.lines), shape)
    if page.has_more:
        click.echo(f"more: --after {page.lines[-1].id}", err=True)
    if shape is Shape.TABLE:
        click.echo(f"balance {f'on {period.last}' if period.final else 'now'}: {grouped_yuan(held.balance_fen)}")


@ledger.command("balance")
@click.argument("account")
@click.option("--on", "day", type=DAY, help="As at the end of a business day (YYYY-MM-DD).")
@click.option("--at", "instant", type=click.DateTime(), help="As at an instant in UTC, by what was in the books then.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def print_balance(*, account: str, day: datetime | None, instant: datetime | None, as_json: bool) -> None:
    """Print what an ACCOUNT holds, or held: in yuan, and whether the answer is final or money may still come in that belongs before."""
    if day and instant:
        raise click.UsageError("--on or --at, not both")
    with one_moment(open_city().sessions) as session:
        if instant:
            found = balance_at(session, account, instant.replace(tzinfo=UTC))
        else:
            found = balance_on(session, account, day.date() if day else open_day(session))
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
        return
    click.echo(f"{grouped_yuan(found.balance_fen)}  {'final' if found.final else 'not final'}")


@ledger.command("trial-balance")
@click.option("--on", "day", type=DAY, help="As at the end of a business day (YYYY-MM-DD).")
@click.option("--at", "instant", type=click.DateTime(), help="As at an instant in UTC, by what was in the books then.")
@as_json_option
@shape_option
def print_trial_balance(*, day: datetime | None, instant: datetime | None, as_json: bool, asked: str | None) -> None:
    """Print all accounts, grouped by the patterns of the chart; exit status 1 when debits and credits differ."""
    if day and instant:
        raise click.UsageError("--on or --at, not both")
    with one_moment(open_city().sessions) as session:
        past = _past(session, day, instant)
        found = past.totals if past else trial_balance(session)
        now_open = open_day(session)
    final = past is not None and past.final
    shape = shape_of(asked, as_json=as_json)
    if shape is Shape.JSON:
        click.echo(json.dumps({"open_day": now_open, "final": final, **asdict(found)}, default=str, indent=1))
    else:
        rows: list[dict[str, object]] = [{**asdict(row), "pool": POOL_OF.get(row.family, "")} for row in found.rows]
        if shape is Shape.TABLE:
            totals = {"debits_fen": found.total_debits_fen, "credits_fen": found.total_credits_fen}
            rows.append({**dict.fromkeys(TRIAL_BALANCE_COLUMNS), "family": "total", **totals})
        show(TRIAL_BALANCE_COLUMNS, rows, shape)
        if past and not final:
            click.echo("not final: money may still come in that belongs before", err=True)
    sys.exit(0 if found.total_debits_fen == found.total_credits_fen else 1)


def _past(session: Session, day: datetime | None, instant: datetime | None) -> PastTrialBalance | None:
    if day:
        return trial_balance_on(session, day.date())
    return trial_balance_at(session, instant.replace(tzinfo=UTC)) if instant else None


def _families_from(session: Session, after: str) -> Sequence[str]:
    """The rows of the chart that are left when the list has come to an account.

    Raises:
        UnknownAccount: there is no such account.
    """
    return FAMILIES[FAMILIES.index(balance(session, after).family) :] if after else FAMILIES


def _accounts(session: Session, families: Sequence[str], after: str, limit: int) -> list[Balance]:
    found: list[Balance] = []
    for family in families:
        found += balances_of_family(session, family, after, limit - len(found))
        after = ""
        if len(found) == limit:
            break
    return found
