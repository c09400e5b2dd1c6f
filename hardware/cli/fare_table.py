"""`citizencard-terminal table`: look into a device table, and price a ride or a stay by it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click

from hardware.cli.endings import one_sentence
from hardware.cli.values import Instant, Octets
from hardware.terminal.device_files import read_bytes
from hardware.terminal.device_lists import TABLE_FILE
from hardware.terminal.fares import Anchor, DeviceTable, Ride, price, quote
from hardware.terminal.fares_bytes import Field
from hardware.terminal.fares_layout import read_rules
from hardware.terminal.fares_parking import Lot, Period, Stay
from hardware.terminal.fares_rules import (
    MINUTE_S,
    Between,
    ByDistance,
    ByTime,
    FareRule,
    Flat,
    Head,
    Less,
    LineRule,
    Pays,
    Reduction,
    Scope,
    Transfer,
)

MM_A_KM: Final = 10**6
_PERIODS: Final = {
    Period.STAY: "a stay",
    Period.DAY_FROM_ENTRY: "24 hours from the entry",
    Period.CALENDAR_DAY: "a calendar day",
}


class Kilometres(click.ParamType[Fraction, str]):
    """A length in km with at most six decimals."""

    name = "km"

    def convert(self, value: str | Fraction, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Read the number; click shows the message of a failure as a usage error."""
        try:
            km = Fraction(value)
        except (ValueError, ZeroDivisionError):
            self.fail("must be like 6.1", param, ctx)
        if km < 0 or (km * MM_A_KM).denominator != 1:
            self.fail("must be 0 or more, with at most six decimals", param, ctx)
        return km


@click.command()
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="Another table than the terminal's own.")
@click.option("--bytes", "as_bytes", is_flag=True, help="Show every field with its place and its bytes.")
@click.option("--line", type=click.IntRange(1, 65_535), help="Price a ride on this line.")
@click.option("--class", "card_class", type=Octets(1), default="01", help="Card class, two digits.")
@click.option("--at", type=Instant(), help="Entry; now when left out.")
@click.option("--after-line", type=click.IntRange(1, 65_535), help="The line that the card carries, with --after.")
@click.option("--after", type=Instant(), help="The time that the card carries.")
@click.option("--exit-at", type=Instant(), help="Exit.")
@click.option("--km", type=Kilometres(), help="Length of the ride.")
@click.option("--from-stop", type=click.IntRange(1, 65_535))
@click.option("--to-stop", type=click.IntRange(1, 65_535))
@click.option("--persons", type=click.IntRange(1, 21), default=1)
@click.option("--lot", help="Price a stay in this lot, from --at to --exit-at.")
@click.option("--vehicle", help="Class of the vehicle.")
@click.pass_obj
def table(folder: Path, /, file: Path | None, *, as_bytes: bool, **asked: Any) -> None:  # noqa: ANN401 # the options, by name
    """Show the device table of the terminal, or the price of a ride or stay by it."""
    with one_sentence():
        raw = read_bytes(file or folder / TABLE_FILE)
        found = DeviceTable.parse(raw)
        if asked["line"] is not None:
            click.echo(_ride(found, asked))
        elif asked["lot"] is not None:
            click.echo(_stay(found, asked))
        else:
            for line in _fields(raw) if as_bytes else _described(found):
                click.echo(line)


def _ride(found: DeviceTable, asked: dict[str, Any]) -> str:
    after_line, after, km = asked["after_line"], asked["after"], asked["km"]
    if (after_line is None) != (after is None):
        raise click.UsageError("--after-line and --after belong together")
    fare = price(
        found,
        Ride(
            line=asked["line"],
            card_class=asked["card_class"][0],
            at=asked["at"] or datetime.now(UTC).replace(microsecond=0),
            anchor=None if after is None else Anchor(after_line, after),
            exit_at=asked["exit_at"],
            distance_mm=None if km is None else int(km * MM_A_KM),
            from_stop=asked["from_stop"],
            to_stop=asked["to_stop"],
            persons=asked["persons"],
        ),
    )
    carried = fare.next_anchor
    carries = "nothing" if carried is None else f"line {carried.line}, {carried.at.isoformat()}"
    return f"{fare.explanation}\nthe card carries on: {carries}"


def _stay(found: DeviceTable, asked: dict[str, Any]) -> str:
    if asked["at"] is None or asked["exit_at"] is None:
        raise click.UsageError("a stay needs --at and --exit-at")
    return quote(found, Stay(asked["lot"], asked["at"], asked["exit_at"], asked["vehicle"])).explanation


def _fields(raw: bytes) -> Iterator[str]:
    fields: list[Field] = []
    read_rules(raw, fields)
    return (str(field) for field in fields)


def _described(found: DeviceTable) -> Iterator[str]:
    """The rules, a line each."""
    head, rules = found.head, found.rules
    yield f"tariff version {head.version}, {head.currency}, from {head.effective_from.isoformat()}, wall clock {head.zone}"
    yield f"classes: {', '.join(f'{byte:02X} {name}' for byte, name in rules.classes.items()) or 'none'}"
    for numbers, rule in _runs(rules.lines.items()):
        times = f", other fares at {len(rule.fares_when)} times" if rule.fares_when else ""
        flags = ", no concession" * rule.no_concession + ", no transfer" * rule.no_transfer
        yield f"line {numbers}: {_fare(head, rule.fare)}{times}{flags}"
    for number, concession in enumerate(rules.concessions, start=1):
        yield f"concession {number}: {_scope(concession.scope)}: {_reduction(head, concession.reduction)}"
    for number, transfer in enumerate(rules.transfers, start=1):
        yield f"transfer {number}: {_scope(transfer.later)}: {_transfer(head, transfer)}"
    if rules.companions is not None:
        yield f"companions: at most {rules.companions.most}, each {_reduction(head, rules.companions.pays)}"
    for name, lot in rules.lots.items():
        yield f"lot {name}: {_lot(head, lot)}"
    for mark in rules.marks:
        yield f"at the close of the day, {mark.kind.name.lower().replace('_', ' ')} {mark.name}: {_scope(mark.scope)}"


def _runs(lines: Iterable[tuple[int, LineRule]]) -> Iterator[tuple[str, LineRule]]:
    """Neighbouring numbers with one rule together."""
    for _, group in groupby(enumerate(lines), key=lambda entry: (id(entry[1][1]), entry[1][0] - entry[0])):
        run = [entry for _, entry in group]
        first, last = run[0][0], run[-1][0]
        yield str(first) if first == last else f"{first}-{last}", run[0][1]


def _fare(head: Head, fare: FareRule) -> str:
    by = fare.by
    if isinstance(by, Flat):
        text = head.money(by.fen)
    elif isinstance(by, ByDistance | ByTime):
        unit, size = ("km", MM_A_KM) if isinstance(by, ByDistance) else ("min", MINUTE_S)
        bands = [f"then {head.money(fen)} each {Fraction(each, size)} {unit}" for _, each, fen in by.steps.bands]
        first = f"{head.money(by.steps.first_fen)} to {Fraction(by.steps.first_up_to, size)} {unit}"
        text = ", ".join([first, *bands])
    elif isinstance(by, Between):
        text = f"between {len(by.fen)} pairs of stops"
    else:
        text = f"by sections {', '.join(head.money(fen) for fen in by.fen)}"
    top = "" if fare.top_fen is None else f", top {head.money(fare.top_fen)}"
    return text + top + ("" if fare.overtime_s is None else f" after {fare.overtime_s // MINUTE_S} min")


def _scope(scope: Scope) -> str:
    classes = (
        "all classes" if scope.classes is None else f"class {' '.join(f'{byte:02X}' for byte in sorted(scope.classes))}"
    )
    lines = "all lines"
    if scope.lines is not None:
        lines = f"lines {' '.join(str(a) if a == b else f'{a}-{b}' for a, b in scope.lines.ranges)}"
    return f"{classes}, {lines}" + ("" if scope.when is None else ", at times")


def _reduction(head: Head, reduction: Reduction) -> str:
    if isinstance(reduction, Pays):
        return f"pays {reduction.numerator}/{reduction.denominator}"
    return f"{'less' if isinstance(reduction, Less) else 'at most'} {head.money(reduction.fen)}"


def _transfer(head: Head, rule: Transfer) -> str:
    words = [f"within {rule.window_s // MINUTE_S} min of the {'first' if rule.counts_from_first else 'last'} ride"]
    words += [
        _reduction(head, rule.reduction),
        "before the concession" if rule.reduce_first else "after the concession",
    ]
    words += [word for word, said in (("once", rule.once), ("also on the same line", rule.same_line)) if said]
    return ", ".join(words) + (" (by the server)" if rule.by_server else "")


def _lot(head: Head, lot: Lot) -> str:
    if lot.charges is None:
        return "priced by the server"
    most = "" if lot.most_fen is None else f", at most {head.money(lot.most_fen)}"
    return f"{lot.free_minutes} min free, {len(lot.charges)} charges, for {_PERIODS[lot.period]}{most}"
