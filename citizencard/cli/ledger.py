"""`citizencard ledger …`: what auditors ask of the books. `prove` ends with 1 when a difference is found."""

import json
import sys
from dataclasses import asdict

import click

from citizencard.cli.start import open_city
from citizencard.clock import now
from citizencard.db import reading
from citizencard.settlement.flow import prove_books
from ledger import balance, open_day, statement, trial_balance

PAGE = 100


@click.group()
def ledger() -> None:
    """The books: they are only read here."""


@ledger.command("prove")
@click.option("--json", "as_json", is_flag=True, help="Every difference, for machines.")
def prove_ledger(*, as_json: bool) -> None:
    """Recompute every invariant from the transfers alone; exit status 1 when something differs."""
    proof = prove_books(open_city().sessions, now())
    if as_json:
        click.echo(json.dumps(asdict(proof), default=str, indent=1))
    else:
        for difference in proof.differences:
            click.echo(str(difference))
        verdict = "the books are proved" if proof.proved else "THE BOOKS ARE NOT PROVED"
        click.echo(
            f"{proof.transfers} transfers, {proof.accounts} accounts, {len(proof.differences)} differences: {verdict}"
        )
    sys.exit(0 if proof.proved else 1)


@ledger.command("trial-balance")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def print_trial_balance(*, as_json: bool) -> None:
    """Print all accounts, grouped by the pattern of the chart; amounts in fen."""
    with reading(open_city().sessions) as session:
        found = trial_balance(session)
        day = open_day(session)
    if as_json:
        click.echo(json.dumps({"open_day": day, **asdict(found)}, default=str, indent=1))
        return
    click.echo(f"{'family':<32}{'accounts':>10}{'debits':>16}{'credits':>16}{'balance':>16}")
    for row in found.rows:
        click.echo(f"{row.family:<32}{row.accounts:>10}{row.debits_fen:>16}{row.credits_fen:>16}{row.balance_fen:>16}")
    click.echo(f"{'total':<42}{found.total_debits_fen:>16}{found.total_credits_fen:>16}")


@ledger.command("statement")
@click.argument("account")
@click.option("--after", default=0, help="Only transfers after this id.")
@click.option("--limit", default=PAGE, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def print_statement(account: str, after: int, limit: int, *, as_json: bool) -> None:
    """Print the transfers of an ACCOUNT in recorded order, a page at a time; amounts in fen."""
    with reading(open_city().sessions) as session:
        page = statement(session, account, after_id=after, limit=limit)
        held = balance(session, account)
    if as_json:
        click.echo(json.dumps({"balance_fen": held.balance_fen, **asdict(page)}, default=str, indent=1))
        return
    for line in page.lines:
        click.echo(f"{line.id:>10}  {line.business_date}  {line.change_fen:>14}  {line.other:<40}  {line.reference}")
    if page.has_more:
        click.echo(f"more: --after {page.lines[-1].id}")
    click.echo(f"balance now: {held.balance_fen}")
