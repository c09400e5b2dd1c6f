"""`citizencard tariff show` and `diff`: a tariff for people, and what another one changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final, NamedTuple

import click

from citizencard.cli.tariff_files import as_json_option, language_option, tariff_document
from citizencard.cli.tariff_tables import table
from citizencard.tariffs.describing.changes import Changes, changes
from citizencard.tariffs.describing.describe import describe
from citizencard.tariffs.differences import Difference
from citizencard.tariffs.sentences import Language

OTHERS_TOLD: Final = 30
NONE: Final = "-"


class Words(NamedTuple):
    """What `diff` says itself."""

    heads: tuple[str, str, str, str]
    versions: str
    nothing: str
    more: str


WORDS: Final[Mapping[Language, Words]] = {
    "zh": Words(
        ("线路", "对象", "原价", "新价"),
        "版本 {old} → {new}",
        "没有差别",
        "另有 {more} 处，用 --json 列出",
    ),
    "en": Words(
        ("lines", "who", "before", "after"),
        "version {old} → {new}",
        "no difference",
        "and {more} more places; --json lists them",
    ),
}


@click.command("show")
@click.argument("name", metavar="FILE|VERSION")
@as_json_option
@language_option
def show_tariff(*, name: str, as_json: bool, language: Language) -> None:
    """Show a tariff: what each line costs per class (* where it varies by time), and every rule as a sentence.

    --json prints the document itself.
    """
    document = tariff_document(name)
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    for section in describe(document, language):
        click.echo(section.title)
        for one in section.tables:
            click.echo("\n".join(f"  {line}" for line in table(one.heads, one.rows)))
            if one.note:
                click.echo(f"  {one.note}")
        for statement in section.statements:
            click.echo(f"  - {statement.text}")
        click.echo()


@click.command("diff")
@click.argument("before", metavar="FILE|VERSION")
@click.argument("after", metavar="FILE|VERSION")
@as_json_option
@language_option
def diff_tariffs(*, before: str, after: str, as_json: bool, language: Language) -> None:
    """Say what the second tariff changes in the first: prices of lines, rules, and whatever else is different.

    Exit status 0, with differences or without.
    """
    found = changes(tariff_document(before), tariff_document(after), language)
    words = WORDS[language]
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=1))
        return
    old, new = found.versions
    if old != new:
        click.echo(words.versions.format(old=old, new=new))
    if not (found.prices or found.rules or found.others):
        click.echo(words.nothing)
        return
    _tell(found, words)
    _tell_others(found.others, words)


def _tell(found: Changes, words: Words) -> None:
    if found.prices:
        heads = words.heads
        rows = [(one.lines, one.who, one.before or NONE, one.after or NONE) for one in found.prices]
        click.echo("\n".join(table(heads, rows)))
        click.echo()
    for rule in found.rules:
        click.echo(rule.place)
        for sign, text in (("-", rule.before), ("+", rule.after)):
            if text is not None:
                click.echo(f"  {sign} {text}")


def _tell_others(others: Sequence[Difference], words: Words) -> None:
    for one in others[:OTHERS_TOLD]:
        click.echo(f"{one.place}: {_short(one.before)} -> {_short(one.after)}")
    if len(others) > OTHERS_TOLD:
        click.echo(words.more.format(more=len(others) - OTHERS_TOLD))


def _short(value: object) -> str:
    return NONE if value is None else json.dumps(value, ensure_ascii=False)[:100]
