"""How lists of the books are shown: a table in yuan to whoever looks at a terminal, CSV in fen to a program or a file."""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import click

from ledger.export.amounts import yuan
from ledger.export.table import neutral

MONEY: Final = "_fen"
GAP: Final = "  "

Row = Mapping[str, object]


class Shape(StrEnum):
    """How a list is shown."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def shape_of(asked: str | None, *, as_json: bool) -> Shape:
    """The shape that was asked for; otherwise a table on a terminal and CSV elsewhere."""
    if as_json:
        return Shape.JSON
    if asked:
        return Shape(asked)
    return Shape.TABLE if sys.stdout.isatty() else Shape.CSV


def show(columns: Sequence[str], rows: Iterable[Row], shape: Shape) -> None:
    """Print the rows; a column whose name ends in `_fen` holds money.

    CSV: the columns by their names, whole fen, lines ended by LF, a text that a spreadsheet would take for a formula behind an apostrophe.
    Table: money in yuan, figures to the right.
    """
    if shape is Shape.CSV:
        _print_csv(columns, rows)
    else:
        _print_table(columns, list(rows))


def grouped_yuan(fen: int) -> str:
    """The amount in yuan for people: `-1,234.50`."""
    whole, _, rest = yuan(fen).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}.{rest}"


def _print_csv(columns: Sequence[str], rows: Iterable[Row]) -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(columns)
    for row in rows:
        table.writerow([neutral(cell) if isinstance(cell := row[name], str) else cell for name in columns])


def _print_table(columns: Sequence[str], rows: Sequence[Row]) -> None:
    shown = [[_shown(name, row[name]) for name in columns] for row in rows]
    heads = [name.removesuffix(MONEY).replace("_", " ") for name in columns]
    widths = [max(len(cell) for cell in cells) for cells in zip(heads, *shown, strict=True)]
    right = [any(isinstance(row[name], int) for row in rows) for name in columns]
    for line in (heads, ["-" * width for width in widths], *shown):
        cells = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ]
        click.echo(GAP.join(cells).rstrip())


def _shown(name: str, value: object) -> str:
    if value is None:
        return ""
    if name.endswith(MONEY) and isinstance(value, int):
        return grouped_yuan(value)
    return str(value)
