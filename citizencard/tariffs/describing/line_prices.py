"""What each line costs each card class by itself: full fare and the concession that fits at most times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.sentences import show_money
from citizencard.tariffs.settling import number
from citizencard.tariffs.transit.model import Line, Reduction, Transit
from citizencard.tariffs.transit.plans import is_for, reduced

STAR: Final = "*"


@dataclass(frozen=True, slots=True)
class LinePrice:
    """What one ride costs one class.

    Args:
        minor: price in minor units where the fare is flat.
        reduction: what is left of other fares; None: all.
        varies: another concession or fare holds at certain times.
    """

    minor: int | None
    reduction: Reduction | None
    varies: bool


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines that cost the same for the same reason.

    Args:
        numbers: line numbers, rising.
        line: their rule.
        prices: by class byte.
    """

    numbers: tuple[int, ...]
    line: Line
    prices: Mapping[int, LinePrice]

    def label(self) -> str:
        """The numbers as a document names them: `7`, `1-20, 30`."""
        return label(self.numbers)


def line_groups(transit: Transit) -> list[LineGroup]:
    """All lines, those that cost the same together."""
    scopes = [concession.scope.lines for concession in transit.concessions if concession.scope.lines is not None]
    grouped: dict[tuple[object, ...], list[int]] = {}
    for number_, line in sorted(transit.lines.items()):
        key = (line.place, *(number_ in lines for lines in scopes))
        grouped.setdefault(key, []).append(number_)
    return [
        LineGroup(
            tuple(numbers),
            transit.lines[numbers[0]],
            {byte: _price(transit, numbers[0], byte) for byte in sorted(transit.classes)},
        )
        for numbers in grouped.values()
    ]


def label(numbers: Sequence[int]) -> str:
    """Line numbers, rising, as a document names them: `7`, `1-20, 30`."""
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs(numbers))


def runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Neighbours together: 1, 2, 3, 7 → 1 to 3, and 7."""
    run: list[int] = []
    for one in numbers:
        if run and one != run[-1] + 1:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def shown_price(price: LinePrice, money: Money) -> str:
    """A price as a cell of a table: an amount for a flat fare, else what is left of the fare; `*` where it varies by time."""
    star = STAR if price.varies else ""
    if price.minor is not None:
        return f"{show_money(price.minor, money)}{star}"
    reduction = price.reduction
    if reduction is None:
        return f"100%{star}"
    if reduction.pays is not None:
        return f"{number(reduction.pays * 100)}%{star}"
    if reduction.less is not None:
        return f"{show_money(-reduction.less, money)}{star}"
    return f"≤{show_money(reduction.costs or 0, money)}{star}"


def _price(transit: Transit, line_number: int, byte: int) -> LinePrice:
    line = transit.lines[line_number]
    fitting = (
        []
        if line.no_concession
        else [concession for concession in transit.concessions if is_for(concession.scope, line_number, line, byte)]
    )
    always = next((concession for concession in fitting if concession.scope.when is None), None)
    varies = bool(line.fares_when) or (bool(fitting) and fitting[0] is not always)
    reduction = always.reduction if always is not None else None
    flat = line.fare.flat
    return LinePrice(None if flat is None else reduced(flat, reduction, transit.rounding), reduction, varies)
