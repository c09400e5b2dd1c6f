"""What an engine answers: a price in minor units and the lines that add up to it, each with the rule that it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Line(NamedTuple):
    """A piece of the reason of a price.

    Args:
        what: the kind of the piece, one of the names in README.md ("Explanations"), such as `base` or `concession`.
        minor: what it adds to the price, in minor units of the document's currency (fen); below zero for what it takes off.
        rule: place of the rule in the document, such as `transit.concessions.0`.
        facts: what the sentence about it names: numbers, names, times as ISO text; never a float.
        sponsor: who pays what this piece takes off; None: nobody, the merchant gives it.
    """

    what: str
    minor: int
    rule: str
    facts: Mapping[str, int | str] = {}
    sponsor: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A price and why.

    Args:
        minor: the price in minor units, 0 or more: the sum of the lines.
        lines: the reason, in the order in which it came about.
    """

    minor: int
    lines: tuple[Line, ...]

    def sponsored(self) -> dict[str, int]:
        """What each sponsor pays, in minor units; sponsors of nothing are left out."""
        owed: dict[str, int] = {}
        for line in self.lines:
            if line.sponsor is not None and line.minor < 0:
                owed[line.sponsor] = owed.get(line.sponsor, 0) - line.minor
        return owed

    def as_data(self) -> dict[str, Any]:
        """The explanation as it is stored and printed by `--json`: plain values only."""
        return {"minor": self.minor, "lines": [line_data(line) for line in self.lines]}


def line_data(line: Line) -> dict[str, Any]:
    """A line as plain values; an absent sponsor and empty facts are left out."""
    data: dict[str, Any] = {"what": line.what, "minor": line.minor, "rule": line.rule}
    if line.facts:
        data["facts"] = dict(line.facts)
    if line.sponsor is not None:
        data["sponsor"] = line.sponsor
    return data


def read_quote(data: Mapping[str, Any]) -> Quote:
    """The quote that `as_data` has written; what else stands beside it does not matter."""
    return Quote(data["minor"], tuple(read_line(line) for line in data["lines"]))


def read_line(data: Mapping[str, Any]) -> Line:
    """The line that `line_data` has written."""
    return Line(data["what"], data["minor"], data["rule"], data.get("facts", {}), data.get("sponsor"))


def quote_of(lines: list[Line]) -> Quote:
    """A quote of these lines.

    Raises:
        ValueError: they add up to less than nothing; an engine must not let this come about.
    """
    total = sum(line.minor for line in lines)
    if total < 0:
        raise ValueError(total)
    return Quote(total, tuple(lines))
