"""From exact pieces of a price to a quote in whole minor units: rounded once, at the end, so that rounding is nobody's gain.

Each line gets what its piece moves the running total by when that is rounded half up, so the lines add up to the rounded total; what a
document's own rounding (to 0.10, downwards …) changes beyond that is a line `rounded_up` or `rounded_down` of its own.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from citizencard.tariffs.amounts import Rounding
from citizencard.tariffs.quotes import Line, Quote, quote_of

ROUNDED_UP: Final = "rounded_up"
ROUNDED_DOWN: Final = "rounded_down"
_MILLION: Final = 10**6


class Piece(NamedTuple):
    """A line whose amount is exact still; see `quotes.Line`.

    Args:
        amount: in minor units; below zero for what it takes off.
    """

    what: str
    amount: Fraction | int
    rule: str
    facts: Mapping[str, int | str] = {}
    sponsor: str | None = None


def settle(pieces: Iterable[Piece], rounding: Rounding, place: str) -> Quote:
    """A quote of these pieces, whose total is rounded as the rule at a place says.

    Raises:
        ValueError: they add up to less than nothing; an engine must not let this come about.
    """
    lines: list[Line] = []
    exact, shown = Fraction(0), 0
    for piece in pieces:
        exact += piece.amount
        total = _half_up(exact)
        lines.append(Line(piece.what, total - shown, piece.rule, piece.facts, piece.sponsor))
        shown = total
    if exact < 0:
        raise ValueError(exact)
    settled = rounding.settle(exact)
    if settled != shown:
        lines.append(Line(ROUNDED_UP if settled > shown else ROUNDED_DOWN, settled - shown, f"{place}.rounding"))
    return quote_of(lines)


def _half_up(exact: Fraction) -> int:
    """Halves upwards, below zero too: whole amounts move the total by exactly themselves."""
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def number(exact: Fraction) -> str:
    """A quantity as facts tell it: "2.5" where it ends within six decimals, else "7/3"."""
    scaled = exact * _MILLION
    if scaled.denominator != 1:
        return str(exact)
    whole, rest = divmod(abs(scaled.numerator), _MILLION)
    sign = "-" if exact < 0 else ""
    return f"{sign}{whole}.{rest:06d}".rstrip("0").rstrip(".")
