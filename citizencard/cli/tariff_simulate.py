"""`citizencard tariff simulate`: what a tariff would have made of past taps, with a look at where it changes most."""

import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Final, TextIO

import click

from citizencard.cli.start import open_city
from citizencard.clock import now
from citizencard.db import reading
from citizencard.settlement.simulating import about_days, simulate
from citizencard.settlement.tally import Report, Tally
from citizencard.tariffs.document import read
from citizencard.tariffs.json_text import read_json

HUNDRED: Final = 100
DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command("simulate")
@click.option(
    "--tariff",
    "path",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A tariff, format 2.",
)
@click.option("--from", "first", type=DAY, help="First day, of the tariff's wall clock; yesterday, if no day is named.")
@click.option("--to", "last", type=DAY, help="Last day, included.")
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON document.")
def simulate_tariff(*, path: Path, first: datetime | None, last: datetime | None, as_json: bool) -> None:
    """Rate the accepted rides of some days by a tariff file, beside what they were priced at. Changes nothing."""
    tariff = read(read_json(path.read_bytes()))
    asked = about_days(tariff, now(), first.date() if first else None, last.date() if last else None)
    watched = _Watched(sys.stderr if sys.stderr.isatty() else None)
    with reading(open_city().sessions) as session:
        report = simulate(session, asked, watched.progress)
    watched.end()
    if as_json:
        click.echo(json.dumps(report.as_data(), ensure_ascii=False, indent=1))
    else:
        _tell(report, tariff.offset)


class _Watched:
    """How far it is, on one line of a terminal; nothing where nobody looks."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def progress(self, done: int, total: int) -> None:
        """So many taps of about so many."""
        self._write(f"{done} taps, {min(HUNDRED, done * HUNDRED // max(total, 1)):>3} %")

    def end(self) -> None:
        """Leave the line empty for what comes."""
        self._write("")

    def _write(self, said: str) -> None:
        if self._stream:
            self._stream.write(f"\r\x1b[K{said}")
            self._stream.flush()


def _tell(report: Report, offset: timezone) -> None:
    rules = "with rules over each card's history" if report.full_rules else "from the records alone"
    first, until = report.first.astimezone(offset), report.until.astimezone(offset)
    click.echo(f"taps: {report.taps}, from {first:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}, {rules}")
    heads: tuple[str, ...] = ("", "taps", "before", "after", "difference", "dearer", "cheaper", "unchanged")
    rows = [_row("all", report.total)]
    rows += [_row(f"line {line}", tally) for line, tally in sorted(report.lines.items())]
    rows += [_row(f"class {number:02X}", tally) for number, tally in sorted(report.classes.items())]
    _table([heads, *rows])
    if report.sponsors:
        heads = ("sponsor", "before", "after", "difference")
        _table(
            [
                heads,
                *(
                    (name, yuan(one.before_fen), yuan(one.after_fen), yuan(one.after_fen - one.before_fen))
                    for name, one in sorted(report.sponsors.items())
                ),
            ]
        )
    for place, taps in sorted(report.unpriced.items()):
        click.echo(f"no price, {place}: {taps}")
    for change in report.largest:
        at = change.at.astimezone(offset)
        about = f"tap {change.record_id}, line {change.line}, class {change.card_class:02X}, {at:%Y-%m-%d %H:%M:%S}"
        click.echo(f"{about}: {yuan(change.before_fen)} -> {yuan(change.after_fen)}")


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    figures = (tally.dearer, tally.cheaper, tally.unchanged)
    money = (tally.before_fen, tally.after_fen, tally.difference_fen)
    return (name, str(tally.taps), *(yuan(fen) for fen in money), *(str(figure) for figure in figures))


def _table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for name, *figures in rows:
        cells = [name.ljust(widths[0]), *(text.rjust(width) for text, width in zip(figures, widths[1:], strict=True))]
        click.echo("  ".join(cells).rstrip())


def yuan(fen: int) -> str:
    """An amount as people write it: -150 is -1.50."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // HUNDRED}.{abs(fen) % HUNDRED:02}"
