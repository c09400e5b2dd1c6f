"""What a ride gives back once all of a card's rides are known: by which rule, how much, and who pays it to the merchant."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from citizencard.tariffs.quotes import Line, Quote

PART: Final = "transit."
MAX_RULE: Final = 32
"""Characters of a rule in a reference: with a tap, a sponsor's part and a number it stays within the ledger's 96."""
_DIGEST: Final = 16


@dataclass(frozen=True, slots=True)
class Charged:
    """What is known about a ride before it is rated.

    Args:
        alone: its price from its own record alone.
        paid_fen: what left the chip.
        given: what rules have given back already, in fen by the rule's name.
    """

    alone: Quote
    paid_fen: int
    given: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Increase:
    """What one rule gives back more than before.

    Args:
        rule: its name, see `rule_name`.
        fen: how much, above 0.
        line: the line of the explanation, with its sponsor: who pays the merchant as much; None: the merchant bears it.
    """

    rule: str
    fen: int
    line: Line


def increases(charged: Charged, full: Quote) -> list[Increase]:
    """What is to be given back now; nothing when the rules give no more than they have given.

    The holder is entitled to the difference between what was to be paid, or was paid if that was less, and what the ride costs by all
    rules; what a device charged too much is a person's to decide. Each rule gives what it takes off beyond the price from the record
    alone, in the order of the lines.
    """
    entitled_fen = min(charged.paid_fen, charged.alone.minor) - full.minor
    left_fen = entitled_fen - sum(charged.given.values())
    taken_before = dict(_taken_off(charged.alone))
    lines = {line.rule: line for line in full.lines if line.minor < 0}
    found = []
    for place, taken_fen in _taken_off(full):
        rule = rule_name(place)
        more_fen = min(left_fen, taken_fen - taken_before.get(place, 0) - charged.given.get(rule, 0))
        if more_fen > 0:
            found.append(Increase(rule, more_fen, lines[place]))
            left_fen -= more_fen
    return found


def rule_name(place: str) -> str:
    """The name of a rule in references: its place within the rides' part, such as `caps.0`; of a long one, its kind and a digest."""
    short = place.removeprefix(PART)
    if len(short) <= MAX_RULE:
        return short
    return f"{short.partition('.')[0][: MAX_RULE - _DIGEST - 1]}.{hashlib.sha256(place.encode()).hexdigest()[:_DIGEST]}"


def _taken_off(quote: Quote) -> Iterator[tuple[str, int]]:
    """What each rule takes off, by the place of the rule, in the order of the lines."""
    taken: dict[str, int] = {}
    for line in quote.lines:
        if line.minor < 0:
            taken[line.rule] = taken.get(line.rule, 0) - line.minor
    yield from taken.items()
