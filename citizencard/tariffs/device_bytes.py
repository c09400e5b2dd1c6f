"""How rules stand in a device table (hardware/terminal/PROTOCOL.md): numbers big-endian, sets and conditions once each, by number."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from citizencard.tariffs.errors import TariffNotForDevices
from citizencard.tariffs.transit.model import Fare, Reduction, Steps
from citizencard.tariffs.when import When

NO_LIMIT: Final = 2**64 - 1
MM_A_KM: Final = 1_000_000
S_A_MINUTE: Final = 60


def whole(place: str, exact: Fraction | int, octets: int) -> bytes:
    """A number in so many bytes.

    Raises:
        TariffNotForDevices: it is no whole number, below 0, or too large.
    """
    if exact.denominator != 1 or not 0 <= exact.numerator < 256**octets:
        raise TariffNotForDevices(
            f"{place}: {exact} does not fit into the device table", place=place, reason=f"{octets} bytes"
        )
    return exact.numerator.to_bytes(octets)


class Pool:
    """A section whose entries are referred to by number, from 1 in the order of their first use; equal entries stand once.

    Args:
        name: of the section.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._numbers: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, entry: bytes) -> bytes:
        """The number of an entry, in two bytes.

        Raises:
            TariffNotForDevices: there are more than 65,535.
        """
        return whole(self._name, self._numbers.setdefault(entry, len(self._numbers) + 1), 2)

    def section(self) -> bytes:
        """All entries."""
        return b"".join(self._numbers)


def condition(when: When) -> bytes:
    """A condition: flags, hours, days, season, dates, excepted dates."""
    has = (
        (when.hours is not None)
        | (when.days is not None) << 1
        | (when.season is not None) << 2
        | (when.dates is not None) << 3
    )
    hours = b"".join((second // S_A_MINUTE).to_bytes(2) for second in when.hours or (0, 0))
    days = sum(1 << day for day in when.days or ())
    season = bytes(number for day in when.season or ((0, 0), (0, 0)) for number in day)
    lists = [sorted(dates) for dates in (when.dates or (), when.except_dates)]
    counts = b"".join(len(dates).to_bytes(2) for dates in lists)
    listed = b"".join(bytes.fromhex(f"{day:%Y%m%d}".zfill(8)) for dates in lists for day in dates)
    return bytes([has]) + hours + bytes([days]) + season + counts + listed


def line_set(lines: Iterable[int]) -> bytes:
    """Some lines: number of ranges, first and last of each."""
    ranges = list(runs(lines))
    return len(ranges).to_bytes(2) + b"".join(number.to_bytes(2) for pair in ranges for number in pair)


def runs(numbers: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Numbers as ranges (first, last), rising: 1, 2, 3, 7 → (1, 3), (7, 7)."""
    first = last = None
    for number in sorted(numbers):
        if first is not None and last is not None and number != last + 1:
            yield first, last
            first = number
        elif first is None:
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last


def class_set(classes: Iterable[int]) -> bytes:
    """Some card classes: number, bytes."""
    found = bytes(sorted(classes))
    return len(found).to_bytes(2) + found


def name(text: str) -> bytes:
    """A name of the document, at most 60 ASCII characters: length, characters."""
    return bytes([len(text)]) + text.encode("ascii")


def share(place: str, exact: Fraction) -> bytes:
    """A share: numerator, denominator."""
    return whole(place, exact.numerator, 4) + whole(place, exact.denominator, 4)


def reduction(place: str, rule: Reduction) -> bytes:
    """How an amount changes: kind, then a share, or an amount and zeros."""
    if rule.pays is not None:
        return b"\x01" + share(place, rule.pays)
    if rule.less is not None:
        return b"\x02" + whole(place, rule.less, 4) + bytes(4)
    return b"\x03" + whole(place, rule.costs or 0, 4) + bytes(4)


def fare(place: str, rule: Fare) -> bytes:
    """A fare: kind, flags, overtime, top, and what its kind needs."""
    has = (rule.top is not None) | (rule.overtime_minutes is not None) << 1
    rest = bytes([has]) + (rule.overtime_minutes or 0).to_bytes(2) + whole(place, rule.top or 0, 4)
    if rule.flat is not None:
        return b"\x01" + rest + whole(place, rule.flat, 4)
    if rule.section_of is not None:
        stops = b"".join(stop.to_bytes(2) + section.to_bytes(2) for stop, section in sorted(rule.section_of.items()))
        prices = b"".join(whole(place, price, 4) for price in rule.section_prices)
        counts = whole(place, len(rule.section_of), 2) + whole(place, len(rule.section_prices), 2)
        return b"\x02" + rest + counts + stops + prices
    if rule.between is not None:
        pairs = b"".join(
            begin.to_bytes(2) + end.to_bytes(2) + whole(place, price, 4)
            for (begin, end), price in sorted(rule.between.items())
        )
        return b"\x03" + rest + whole(place, len(rule.between), 2) + pairs
    if rule.distance is not None:
        return b"\x04" + rest + _steps(place, rule.distance, MM_A_KM)
    if rule.time is not None:
        return b"\x05" + rest + _steps(place, rule.time, S_A_MINUTE)
    raise TariffNotForDevices(f"{place}: is of a kind that no device knows", place=place, reason="kind of fare")


def _steps(place: str, steps: Steps, unit: int) -> bytes:
    bands = b"".join(
        (whole(place, NO_LIMIT, 8) if up_to is None else whole(place, up_to * unit, 8))
        + whole(place, each * unit, 8)
        + whole(place, price, 4)
        for up_to, each, price in steps.then
    )
    first = whole(place, steps.first_up_to * unit, 8) + whole(place, steps.first, 4)
    return first + len(steps.then).to_bytes(2) + bands
