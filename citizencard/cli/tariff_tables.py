"""Tables with Chinese in them, for terminals and files: a wide character takes two columns."""

from collections.abc import Iterator, Sequence
from unicodedata import combining, east_asian_width

GAP = "  "
_WIDE = frozenset("WF")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table: heads, a rule, and the rows; figures to the right."""
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(width_of(cell) for cell in column) for column in columns]
    right = [all(_is_figure(cell) for cell in column[1:]) and len(column) > 1 for column in columns]
    for cells in (heads, ["-" * width for width in widths], *rows):
        shown = [_padded(cell, width, to_right) for cell, width, to_right in zip(cells, widths, right, strict=True)]
        yield GAP.join(shown).rstrip()


def width_of(text: str) -> int:
    """Columns that a terminal shows a text in."""
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in _WIDE else 1 for letter in text)


def _padded(cell: str, width: int, to_right: bool) -> str:  # noqa: FBT001 # one cell of `table`
    space = " " * (width - width_of(cell))
    return space + cell if to_right else cell + space


def _is_figure(cell: str) -> bool:
    return not cell.strip("0123456789.,%*-+≤¥₩€$£₹ ")
