"""Rows of tables that tell the names of their columns, so that a telephone can show a row as lines under each other."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Final

from markupsafe import Markup, escape

_ROW: Final = re.compile(r"<tr(?P<rest>[ >].*?)</tr>", re.DOTALL)
_CELL: Final = re.compile(r"<(?P<tag>td|th)(?=[ >])(?P<open>[^>]*)>")
_SPAN: Final = re.compile(r' colspan="([0-9]{1,2})"')
_ROLES: Final = {"td": "cell", "th": "rowheader"}


def labelled(rows: Markup, names: Sequence[str]) -> Markup:
    """The same rows; each cell says of which column it is (`data-label`) and keeps its role when it is shown otherwise.

    Args:
        rows: `<tr>…</tr>`, as a template wrote them; what people typed is escaped in it, so that each tag is the template's own.
        names: of the columns.
    """
    return Markup(_ROW.sub(lambda row: f'<tr role="row"{_cells(row["rest"], names)}</tr>', str(rows)))  # noqa: S704 # escaped by its template; names are escaped below


def _cells(row: str, names: Sequence[str]) -> str:
    left = chain(names, repeat(""))

    def cell(found: re.Match[str]) -> str:
        name = next(left)
        for _ in _spanned(found["open"]):
            next(left)
        tag = found["tag"]
        return f'<{tag} role="{_ROLES[tag]}" data-label="{escape(name)}"{found["open"]}>'

    return _CELL.sub(cell, row)


def _spanned(attributes: str) -> Iterator[None]:
    """As often as a cell is wider than one column."""
    wide = _SPAN.search(attributes)
    return repeat(None, int(wide[1]) - 1 if wide else 0)
