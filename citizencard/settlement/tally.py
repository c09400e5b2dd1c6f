"""What a what-if adds up: taps and fares before and after, by line, class and sponsor, what has no price, and the largest changes."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

LARGEST: Final = 20
"""Changes that are shown one by one."""
MAX_GROUPS: Final = 5_000
"""Different missing rules that are counted one by one; lines, classes and sponsors have bounds of their own."""


@dataclass(slots=True)
class Tally:
    """Taps that were priced both ways, with what they cost before and after, in fen."""

    taps: int = 0
    before_fen: int = 0
    after_fen: int = 0
    dearer: int = 0
    cheaper: int = 0

    @property
    def unchanged(self) -> int:
        """Taps that cost the same."""
        return self.taps - self.dearer - self.cheaper

    @property
    def difference_fen(self) -> int:
        """What holders pay more; below zero: less."""
        return self.after_fen - self.before_fen

    def add(self, before_fen: int, after_fen: int) -> None:
        """One more tap."""
        self.taps += 1
        self.before_fen += before_fen
        self.after_fen += after_fen
        self.dearer += after_fen > before_fen
        self.cheaper += after_fen < before_fen

    def as_data(self) -> dict[str, int]:
        """The figures as plain values."""
        return {
            "taps": self.taps,
            "before_fen": self.before_fen,
            "after_fen": self.after_fen,
            "dearer": self.dearer,
            "cheaper": self.cheaper,
            "unchanged": self.unchanged,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """A tap that would cost something else.

    Args:
        record_id: of the tap.
        at, line, card_class: when, where, and by which class of card; not whose.
        before_fen, after_fen: what it cost, and would cost.
        before, after: why, as data: an explanation as it was stored, and a new one.
    """

    record_id: int
    at: datetime
    line: int
    card_class: int
    before_fen: int
    after_fen: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def difference_fen(self) -> int:
        """What it costs more; below zero: less."""
        return self.after_fen - self.before_fen

    def as_data(self) -> dict[str, Any]:
        """The change as plain values."""
        return {
            "record_id": self.record_id,
            "at": self.at.isoformat(),
            "line": self.line,
            "card_class": f"{self.card_class:02X}",
            "before_fen": self.before_fen,
            "after_fen": self.after_fen,
            "before": dict(self.before),
            "after": dict(self.after),
        }


@dataclass(slots=True)
class Shares:
    """What sponsors pay before and after, in fen."""

    before_fen: int = 0
    after_fen: int = 0


@dataclass(slots=True)
class Report:
    """What a tariff would have made of past taps.

    Args:
        version: number that the tariff has in its document.
        first, until: the taps of this time were asked about; `until` is not included.
        full_rules: rules over a card's history were applied, as a day's close does.
        taps: that were asked about.
        complete: False when there were more than were allowed.
        total: taps that were priced both ways.
        lines, classes, sponsors: the same by line number, by class and by sponsor.
        unpriced: taps that the tariff cannot price, by the place of the missing rule, or by the field that it cannot take.
    """

    version: int
    first: datetime
    until: datetime
    full_rules: bool
    taps: int = 0
    complete: bool = True
    total: Tally = field(default_factory=Tally)
    lines: dict[int, Tally] = field(default_factory=dict)
    classes: dict[int, Tally] = field(default_factory=dict)
    sponsors: dict[str, Shares] = field(default_factory=dict)
    unpriced: dict[str, int] = field(default_factory=dict)
    _largest: list[tuple[int, int, Change]] = field(default_factory=list)

    @property
    def largest(self) -> list[Change]:
        """The taps that change most, the largest change first."""
        return [change for _, _, change in sorted(self._largest, key=lambda entry: (-entry[0], -entry[1]))]

    def missing(self, place: str) -> None:
        """One more tap that the tariff cannot price."""
        self.taps += 1
        known = place if place in self.unpriced or len(self.unpriced) < MAX_GROUPS else ""
        self.unpriced[known] = self.unpriced.get(known, 0) + 1

    def add(self, change: Change, sponsored_before: Mapping[str, int], sponsored_after: Mapping[str, int]) -> None:
        """One more tap that was priced both ways."""
        self.taps += 1
        for tally in (
            self.total,
            self.lines.setdefault(change.line, Tally()),
            self.classes.setdefault(change.card_class, Tally()),
        ):
            tally.add(change.before_fen, change.after_fen)
        for sponsor, fen in sponsored_before.items():
            self.sponsors.setdefault(sponsor, Shares()).before_fen += fen
        for sponsor, fen in sponsored_after.items():
            self.sponsors.setdefault(sponsor, Shares()).after_fen += fen
        if change.difference_fen:
            # The older record counts as the larger of two equal changes, so that a report is the same every time.
            entry = (abs(change.difference_fen), -change.record_id, change)
            (heapq.heappush if len(self._largest) < LARGEST else heapq.heappushpop)(self._largest, entry)

    def as_data(self) -> dict[str, Any]:
        """The report as plain values, for `--json` and HTTP."""
        return {
            "version": self.version,
            "first": self.first.isoformat(),
            "until": self.until.isoformat(),
            "full_rules": self.full_rules,
            "taps": self.taps,
            "complete": self.complete,
            "total": self.total.as_data(),
            "lines": [{"line": line, **tally.as_data()} for line, tally in sorted(self.lines.items())],
            "classes": [
                {"card_class": f"{number:02X}", **tally.as_data()} for number, tally in sorted(self.classes.items())
            ],
            "sponsors": [
                {"sponsor": name, "before_fen": shares.before_fen, "after_fen": shares.after_fen}
                for name, shares in sorted(self.sponsors.items())
            ],
            "unpriced": [{"missing": place, "taps": taps} for place, taps in sorted(self.unpriced.items())],
            "largest": [change.as_data() for change in self.largest],
        }
