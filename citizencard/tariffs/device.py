"""The device table: what a validator or a gate needs of a tariff, in bytes (layout 1, published in hardware/terminal/PROTOCOL.md).

Everything that a device can reckon from one ride is carried exactly. What needs the history of a card (passes, bands, counts, caps,
limits of transfers a day or in a row) is marked, so that a device can say that the price may fall at the close of the day. What
does not fit is refused, never approximated.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from itertools import chain
from typing import Final

from citizencard.tariffs.device_bytes import (
    Pool,
    class_set,
    condition,
    fare,
    line_set,
    name,
    reduction,
    runs,
    share,
    whole,
)
from citizencard.tariffs.device_parking import lot
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import TariffNotForDevices
from citizencard.tariffs.transit.model import Line, Scope, Transfer, Transit
from citizencard.tariffs.when import When

MAGIC: Final = b"CCT1"
LAYOUT: Final = 1
HEAD_BYTES: Final = 64
DIGEST_BYTES: Final = 32
MAX_BYTES: Final = 8 * 2**20
EPOCH: Final = datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=8)))
"""Times are seconds since then: the Beijing year 2000, as in the transfer anchor on the card."""
_HOW: Final = ("half_up", "up", "down", "half_even")


def compile_table(tariff: Tariff) -> bytes:
    """Make the device table of a tariff.

    Returns:
        96 bytes to 8 MiB: header 64, sections, SHA-256 32.

    Raises:
        TariffNotForDevices: a number of the tariff is larger than its field; names its place.
    """
    rules = _Rules(tariff)
    transit = tariff.transit
    if transit is not None:
        rules.add(transit)
    lots = [name(each) + lot(rule, rules.conditions) for each, rule in sorted(tariff.parking.items())]
    counts = (
        *(len(pool) for pool in (rules.conditions, rules.line_sets, rules.class_sets, rules.fares)),
        len(rules.lines),
        0 if transit is None else len(transit.classes),
        len(rules.concessions),
        len(rules.transfers),
        len(rules.companions),
        len(lots),
        len(rules.marks),
    )
    pools = (rules.conditions, rules.line_sets, rules.class_sets, rules.fares)
    body = b"".join(
        chain(
            (pool.section() for pool in pools),
            rules.lines,
            (bytes([each]) + name(text) for each, text in sorted(transit.classes.items() if transit else ())),
            rules.concessions,
            rules.transfers,
            rules.companions,
            lots,
            rules.marks,
        )
    )
    return _framed(tariff, b"".join(whole("number of rules", count, 2) for count in counts), body)


def _framed(tariff: Tariff, counts: bytes, body: bytes) -> bytes:
    size = HEAD_BYTES + len(body) + DIGEST_BYTES
    if size > MAX_BYTES:
        raise TariffNotForDevices(f"the device table would have {size} bytes", place="", reason=f"{MAX_BYTES} bytes")
    seconds = (tariff.effective_from - EPOCH) // timedelta(seconds=1)
    rounding = (
        (0, 1) if tariff.transit is None else (_HOW.index(tariff.transit.rounding.how), tariff.transit.rounding.to)
    )
    head = (
        MAGIC
        + bytes([LAYOUT, 0])
        + HEAD_BYTES.to_bytes(2)
        + size.to_bytes(4)
        + tariff.version.to_bytes(4)
        + whole("effective_from", seconds, 4)
        + (tariff.offset.utcoffset(None) // timedelta(minutes=1)).to_bytes(2, signed=True)
        + tariff.money.currency.encode("ascii")
        + bytes([tariff.money.digits, rounding[0], 0])
        + whole("transit.rounding.to", rounding[1], 4)
        + counts
    )
    table = head.ljust(HEAD_BYTES, b"\x00") + body
    return table + hashlib.sha256(table).digest()


class _Rules:
    """The sections of a table, as they grow."""

    def __init__(self, tariff: Tariff) -> None:
        self.conditions, self.line_sets = Pool("number of conditions"), Pool("number of line sets")
        self.class_sets, self.fares = Pool("number of class sets"), Pool("number of fares")
        self.lines: list[bytes] = []
        self.concessions: list[bytes] = []
        self.transfers: list[bytes] = []
        self.companions: list[bytes] = []
        self.marks: list[bytes] = []
        self._all: dict[int, Line] = {} if tariff.transit is None else dict(tariff.transit.lines)
        self._found: dict[tuple[frozenset[str] | None, frozenset[str] | None, frozenset[int] | None], bytes | None] = {}

    def add(self, transit: Transit) -> None:
        """Take everything about rides; a rule that fits no line of the tariff is left out."""
        self._add_lines(transit)
        for concession in transit.concessions:
            if (scope := self._scope(concession.scope)) is not None:
                self.concessions.append(scope + reduction(concession.place, concession.reduction))
        for transfer in transit.transfers:
            self._add_transfer(transfer)
        if transit.companions is not None:
            who, place = self.class_sets.number(class_set(transit.companions.classes)), "transit.companions.pays"
            self.companions.append(who + bytes([transit.companions.most]) + share(place, transit.companions.pays))
        marked: Iterable[tuple[int, str, Scope]] = chain(
            ((1, each.name, each.scope) for each in transit.passes.values()),
            ((2, each.name, each.scope) for each in transit.bands),
            ((3, each.name, each.scope) for each in transit.ride_counts),
            ((4, each.name, each.scope) for each in transit.lifetime),
            ((5, each.name, each.scope) for each in transit.caps),
            ((6, each.name, each.later) for each in transit.transfers if by_server(each)),
        )
        for kind, text, meant in marked:
            if (scope := self._scope(meant)) is not None:
                self.marks.append(bytes([kind]) + name(text) + scope)

    def _add_lines(self, transit: Transit) -> None:
        """Neighbouring numbers with equal rules become one entry."""
        numbers_of: dict[bytes, list[int]] = {}
        written: dict[str, bytes] = {}
        for number, line in transit.lines.items():
            if line.place not in written:
                written[line.place] = self._line(line, transit)
            numbers_of.setdefault(written[line.place], []).append(number)
        entries = [(run, rule) for rule, numbers in numbers_of.items() for run in runs(numbers)]
        self.lines.extend(first.to_bytes(2) + last.to_bytes(2) + rule for (first, last), rule in sorted(entries))

    def _line(self, line: Line, transit: Transit) -> bytes:
        mode = transit.modes[line.mode]
        has = line.no_concession | line.no_transfer << 1 | mode.starts_at_exit << 2 | mode.ends_at_exit << 3
        others = b"".join(
            self.conditions.number(condition(when)) + self.fares.number(fare(f"{line.place}.fares_when.{index}", other))
            for index, (when, other) in enumerate(line.fares_when)
        )
        own = self.fares.number(fare(f"{line.place}.fare", line.fare))
        return has.to_bytes(2) + own + len(line.fares_when).to_bytes(2) + others

    def _add_transfer(self, transfer: Transfer) -> None:
        scope, earlier = self._scope(transfer.later), self._lines_of(transfer.earlier)
        if scope is None or earlier is None:
            return
        has = (
            transfer.last_second_counts
            | transfer.counts_from_first << 1
            | transfer.same_line << 2
            | (transfer.most_in_a_row == 1) << 3
            | transfer.reduce_first << 4
            | by_server(transfer) << 5
        )
        windows = b"".join(
            self.conditions.number(condition(when)) + minutes.to_bytes(2) for when, minutes in transfer.minutes_when
        )
        self.transfers.append(
            bytes([has])
            + transfer.minutes.to_bytes(2)
            + earlier
            + scope
            + reduction(transfer.place, transfer.reduction)
            + len(transfer.minutes_when).to_bytes(2)
            + windows
        )

    def _scope(self, scope: Scope) -> bytes | None:
        """Class set, line set, condition; None when no line of the tariff is meant."""
        lines = self._lines_of(scope)
        if lines is None:
            return None
        classes = bytes(2) if scope.classes is None else self.class_sets.number(class_set(scope.classes))
        return classes + lines + self._when(scope.when)

    def _lines_of(self, scope: Scope) -> bytes | None:
        """The line set that modes, operators and lines of a scope come to; 0 for every line, None for no line."""
        if scope.modes is None and scope.operators is None and scope.lines is None:
            return bytes(2)
        key = (scope.modes, scope.operators, scope.lines)
        if key not in self._found:
            self._found[key] = self._line_set(scope)
        return self._found[key]

    def _line_set(self, scope: Scope) -> bytes | None:
        meant = [
            number
            for number, line in self._all.items()
            if (scope.lines is None or number in scope.lines)
            and (scope.modes is None or line.mode in scope.modes)
            and (scope.operators is None or line.operator in scope.operators)
        ]
        return self.line_sets.number(line_set(meant)) if meant else None

    def _when(self, when: When | None) -> bytes:
        return bytes(2) if when is None else self.conditions.number(condition(when))


def by_server(transfer: Transfer) -> bool:
    """Whether a transfer rule needs the history of the card, so that a device does not apply it."""
    return transfer.most_a_day is not None or transfer.most_in_a_row not in (None, 1)
