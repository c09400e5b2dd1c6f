"""The pieces that a described tariff is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Statement:
    """A rule as a sentence.

    Args:
        key: what the rule is known by, in another version of the document too: its part and list, and its name.
        text: the sentence.
    """

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Figures.

    Args:
        heads: of the columns.
        rows: cells.
        note: what stands below it; empty: nothing.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a tariff: title, tables, sentences."""

    title: str
    tables: Sequence[Table] = field(default_factory=tuple)
    statements: Sequence[Statement] = field(default_factory=tuple)
