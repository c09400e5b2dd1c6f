"""`citizencard tariff show` and `diff`: a tariff for people, and what another one changes."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import click

from citizencard.cli.tariff_files import as_json_option, language_option, tariff_document
from citizencard.cli.tariff_tables import table
from citizencard.tariffs.describing.changes import Changes, changes
from citizencard.tariffs.describing.describe import describe
from citizencard.tariffs.differences import Difference
from citizencard.tariffs.sentences import Language

OTHERS_TOLD: Final = 30
NONE: Final = "-"


@click.command("show")
@click.argument("name", metavar="FILE|VERSION")
@click.option("--json", "as_json", is_flag=True, help="The document itself.")
@language_option
def show_tariff(*, name: str, as_json: bool, language: Language) -> None:
    """Show a tariff: what each line costs per class (* where it varies by time), and every rule as a sentence."""
    document = tariff_document(name)
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    for section in describe(document, language):
        click.echo(section.title)
        for one in section.tables:
            click.echo("\n".join(f"  {line}" for line in table(one.heads, one.rows)))
        for statement in section.statements:
            click.echo(f"  - {statement.text}")
        click.echo()


@click.command("diff")
@click.argument("before", metavar="FILE|VERSION")
@click.argument("after", metavar="FILE|VERSION")
@as_json_option
@language_option
def diff_tariffs(*, before: str, after: str, as_json: bool, language: Language) -> None:
    """Say what the second tariff changes in the first: prices of lines, rules, and whatever else is different."""
    found = changes(tariff_document(before), tariff_document(after), language)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=1))
        return
    if not (found.prices or found.rules or found.others):
        click.echo("no difference")
        return
    _tell(found)
    _tell_others(found.others)


def _tell(found: Changes) -> None:
    if found.prices:
        heads = ("lines", "who", "before", "after")
        rows = [(one.lines, one.who, one.before or NONE, one.after or NONE) for one in found.prices]
        click.echo("\n".join(table(heads, rows)))
        click.echo()
    for rule in found.rules:
        click.echo(rule.key)
        for sign, text in (("-", rule.before), ("+", rule.after)):
            if text is not None:
                click.echo(f"  {sign} {text}")


def _tell_others(others: Sequence[Difference]) -> None:
    for one in others[:OTHERS_TOLD]:
        click.echo(f"{one.place}: {_short(one.before)} -> {_short(one.after)}")
    if len(others) > OTHERS_TOLD:
        click.echo(f"and {len(others) - OTHERS_TOLD} more places; --json lists them")


def _short(value: object) -> str:
    return NONE if value is None else json.dumps(value, ensure_ascii=False)[:100]
