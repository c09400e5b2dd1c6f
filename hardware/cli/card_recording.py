"""`citizencard-card record` and `replay`: a session with a card kept in a file, and looked at again without the card."""

import json
from pathlib import Path
from typing import Any

import click

from hardware.cli.card_apdu import run_script, script
from hardware.cli.card_report import report_on
from hardware.cli.card_source import Source, card_options, ending, reset_of
from hardware.cli.card_text import exchange_lines, masked, masked_atr, report_lines
from hardware.readers.replay import RecordedCard, ReplayedCard
from hardware.readers.trace import name_of, written


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("commands", nargs=-1, metavar="[APDU]...")
@card_options
def record(file: Path, commands: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401 # the card's options
    """Read the card as `read` does, or send each APDU, and keep the session in the new FILE (mode 0600).

    PINs, keys and names that are sent are not kept; what the card answers is.
    """
    source = Source.of(options)
    with ending():
        lines = tuple(script(commands))
        with source.card() as card, RecordedCard(card, file, reset_of(card)) as recorded:
            if lines:
                run_script(recorded, lines)
            else:
                report = report_on(recorded)
                click.echo("\n".join(report_lines(report if source.show else masked(report))))
            click.echo(f"\n{file}: {recorded.steps} steps")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("what", type=click.Choice(["read", "show"]), default="read")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--show", is_flag=True, help="Show numbers of card and chip whole.")
def replay(file: Path, what: str, *, as_json: bool, show: bool) -> None:
    """Look at a recorded session: `read` reports as if the card were here, `show` explains every step.

    The session must go as the recorded one did; the first command that differs ends it with a sentence.
    """
    with ending():
        card = ReplayedCard.load(file)
        if what == "show":
            _explain(card, show=show)
            return
        report = report_on(card)
        report = report if show else masked(report)
        click.echo(json.dumps(report, indent=2, ensure_ascii=False) if as_json else "\n".join(report_lines(report)))


def _explain(card: ReplayedCard, *, show: bool) -> None:
    atr = card.atr.hex().upper()
    click.echo(f"ATR {atr if show else masked_atr(atr)}")
    for step in card.steps:
        if step.command is None:
            click.echo("reset")
        elif step.response is None:
            click.echo(f"> {written(step.command)}  {name_of(step.command)}\n< no answer: {step.lost}")
        else:
            click.echo("\n".join(exchange_lines(step.command, step.response, show=show)))
