"""What a ride costs and why, in whole fen: the server's engine, and the table that it compiles for devices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from citizencard.tariffs.document import Tariff, TransferRule, read
from citizencard.tariffs.errors import ClassNotInTariff, LineNotInTariff


@dataclass(frozen=True, slots=True)
class Anchor:
    """The ride that a transfer reduction hangs on, as the card carried it into this tap."""

    line: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ride:
    """What a price is asked for.

    Args:
        line: line number.
        card_class: class byte.
        at: time of the tap, aware.
        anchor: None when the card carried none.
    """

    line: int
    card_class: int
    at: datetime
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a ride costs, and what it is made of: price = base - concession - transfer, never below 0.

    Args:
        version: of the tariff.
        base_fen: full fare of the line in this tariff.
        concession_fen: what the card class takes off.
        transfer_fen: what the transfer takes off; 0 when it is none.
        price_fen: what the passenger pays.
        transferred: the ride is the second leg of a transfer and sets no new anchor.
        class_name: of the card class.
        sponsor: who pays what the passenger does not; None: nobody.
    """

    version: int
    base_fen: int
    concession_fen: int
    transfer_fen: int
    price_fen: int
    transferred: bool
    class_name: str
    sponsor: str | None


def price(tariff: Tariff, ride: Ride) -> Price:
    """Price a ride: the class's share of the base fare, half up to the fen, then less the transfer reduction, never below 0.

    Raises, in this order:
        LineNotInTariff: the tariff has no such line.
        ClassNotInTariff: the tariff has no such class.
    """
    if ride.line not in tariff.lines:
        raise LineNotInTariff(
            f"tariff {tariff.version} has no line {ride.line}", version=tariff.version, line=ride.line
        )
    if ride.card_class not in tariff.classes:
        raise ClassNotInTariff(
            f"tariff {tariff.version} has no class {ride.card_class:02X}",
            version=tariff.version,
            card_class=ride.card_class,
        )
    base_fen, share = tariff.lines[ride.line], tariff.classes[ride.card_class]
    own_fen = round_half_up(base_fen * share.numerator, share.denominator)
    transferred = tariff.transfer is not None and is_transfer(tariff.transfer, ride)
    off_fen = min(own_fen, tariff.transfer.reduce_fen) if transferred and tariff.transfer is not None else 0
    return Price(
        version=tariff.version,
        base_fen=base_fen,
        concession_fen=base_fen - own_fen,
        transfer_fen=off_fen,
        price_fen=own_fen - off_fen,
        transferred=transferred,
        class_name=share.name,
        sponsor=share.sponsor,
    )


def is_transfer(rule: TransferRule, ride: Ride) -> bool:
    """Whether the ride is the second leg of the ride that set the anchor; an anchor in the future never counts."""
    if ride.anchor is None or (ride.anchor.line == ride.line and not rule.same_line):
        return False
    age, window = ride.at - ride.anchor.at, timedelta(seconds=rule.window_s)
    return timedelta(0) <= age and (age < window or (rule.window_inclusive and age == window))


def round_half_up(numerator: int, denominator: int) -> int:
    """Quotient of two non-negative integers, halves upwards: 1.5 → 2, 2.5 → 3."""
    return (2 * numerator + denominator) // (2 * denominator)


def compile_device_table(document: Mapping[str, Any]) -> dict[str, Any]:
    """Make what devices get (published in README.md): the document without what only the server needs, the sponsors.

    Raises:
        TariffInvalid: the document has mistakes.
    """
    read(document)
    classes = {
        byte: {name: entry[name] for name in ("name", "numerator", "denominator")}
        for byte, entry in sorted(document["classes"].items())
    }
    lines = {
        number: {"base_fen": document["lines"][number]["base_fen"]} for number in sorted(document["lines"], key=int)
    }
    kept = {name: document[name] for name in ("format", "version", "effective_from", "transfer", "rounding")}
    return {**kept, "lines": lines, "classes": classes}
