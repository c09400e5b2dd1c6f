"""`citizencard tariff quote`: what events cost by a tariff, and why."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import click

from citizencard.cli.tariff_files import as_json_option, json_file, language_option, tariff_document, tariff_of
from citizencard.tariffs.amounts import Money
from citizencard.tariffs.events.pricing import Outcome, price_events, total
from citizencard.tariffs.events.reading import read_events
from citizencard.tariffs.sentences import Language, class_titles, sentence, show_money

NOT_ALL = 1


class Words(NamedTuple):
    """What `quote` says itself."""

    no_price: str
    noted: str
    differs: str
    after: str
    total: str
    pays: str
    refused: str


WORDS: Final[Mapping[Language, Words]] = {
    "zh": Words(
        "无法计价：",
        "已记入",
        "，但应为 {expected}",
        "，其前第 {number} 个事件（{kind}）无法计价",
        "合计：{amount}",
        "；{sponsor} 承担 {amount}",
        "{events} 个事件中 {refused} 个无法计价，{unexpected} 个与预期不符",
    ),
    "en": Words(
        "NO PRICE: ",
        "noted",
        ", BUT {expected} WAS EXPECTED",
        ", after a {kind} that has no price ({number})",
        "total: {amount}",
        "; {sponsor} pays {amount}",
        "of {events} events {refused} could not be priced, {unexpected} cost not what was expected",
    ),
}


@click.command("quote")
@click.option("--tariff", "name", required=True, metavar="FILE|VERSION", help="A file, or a published version.")
@click.option(
    "--events", "file", required=True, type=click.Path(path_type=Path), help="What is to be priced: a JSON file."
)
@as_json_option
@language_option
@click.pass_context
def quote_events(context: click.Context, *, name: str, file: Path, as_json: bool, language: Language) -> None:
    """Price the events of a file, and say why each costs what it does.

    Exit status 0: all are priced, and as the file expects; 1: some could not be priced, or cost something else.
    """
    document = tariff_document(name)
    tariff = tariff_of(document)
    outcomes = price_events(tariff, read_events(json_file(file), tariff.money))
    if as_json:
        click.echo(json.dumps(_data(outcomes, tariff.money), ensure_ascii=False, indent=1))
    else:
        for outcome in outcomes:
            _tell(outcome, tariff.money, language, class_titles(document))
        _tell_total(outcomes, tariff.money, WORDS[language])
    context.exit(0 if all(outcome.is_good for outcome in outcomes) else NOT_ALL)


def _tell(outcome: Outcome, money: Money, language: Language, titles: Mapping[str, str]) -> None:
    words = WORDS[language]
    event = outcome.event
    head = f"{event.number} {event.kind}"
    if outcome.refusal is not None:
        place = outcome.refusal.public_fields().get("place")
        where = f"{place}: " if place else ""
        click.echo(f"{head}: {words.no_price}{where}{outcome.refusal}")
        return
    if outcome.quote is None:
        click.echo(f"{head}: {words.noted}")
        return
    expected = show_money(outcome.expected or 0, money)
    differs = "" if outcome.is_as_expected else words.differs.format(expected=expected)
    note = f"  ({event.fields['note']})" if event.fields.get("note") else ""
    before = outcome.after
    after = "" if before is None else words.after.format(kind=before.kind, number=before.number)
    click.echo(f"{head}: {show_money(outcome.quote.minor, money)}{differs}{after}{note}")
    click.echo(f"    {sentence(outcome.quote, money, language, titles)}")


def _tell_total(outcomes: Sequence[Outcome], money: Money, words: Words) -> None:
    minor, sponsors = total(outcomes)
    paid = (
        words.pays.format(sponsor=sponsor, amount=show_money(share, money))
        for sponsor, share in sorted(sponsors.items())
    )
    click.echo("".join((words.total.format(amount=show_money(minor, money)), *paid)))
    refused = sum(outcome.refusal is not None for outcome in outcomes)
    unexpected = sum(outcome.refusal is None and not outcome.is_as_expected for outcome in outcomes)
    if refused or unexpected:
        click.echo(
            words.refused.format(events=len(outcomes), refused=refused, unexpected=unexpected),
            err=True,
        )


def _data(outcomes: Sequence[Outcome], money: Money) -> dict[str, object]:
    minor, sponsors = total(outcomes)
    return {
        "currency": money.currency,
        "total": money.text(minor),
        "total_minor": minor,
        "sponsors": dict(sorted(sponsors.items())),
        "refused": sum(outcome.refusal is not None for outcome in outcomes),
        "unexpected": sum(outcome.refusal is None and not outcome.is_as_expected for outcome in outcomes),
        "events": [outcome.as_data(money) for outcome in outcomes],
    }
