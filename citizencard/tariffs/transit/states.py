"""What is remembered about a card between its rides: plain data that can be stored and continued, and that does not grow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from citizencard.tariffs.transit.rides import Anchor

MAX_PERIODS: Final = 16
"""Periods of one rule that are remembered: a late ride still finds the day that it belongs to."""
MAX_RULES: Final = 500
"""Rules that are remembered; of rules that no tariff has any more, those that were longest unused are forgotten first."""

Periods = dict[str, int]
"""A total by the first day of its period, as ISO text."""


@dataclass(slots=True)
class Chain:
    """Rides that transfers connect.

    Args:
        first: the ride that began it.
        previous: the latest.
        in_a_row: transfers so far.
    """

    first: Anchor
    previous: Anchor
    in_a_row: int = 0


@dataclass(slots=True)
class History:
    """A card's running state.

    Args:
        latest_at: entry of its latest ride; None: none yet.
        chain: what the next ride can be a transfer from; None: nothing.
        totals: amounts in minor units, or rides, by rule (`caps.NAME`) and period.
        years: years with enough rides that are no longer in `totals`, by rule (`lifetime.NAME`).
        passes: rides left by pass and period; None: as many as one likes.
    """

    latest_at: datetime | None = None
    chain: Chain | None = None
    totals: dict[str, Periods] = field(default_factory=dict)
    years: dict[str, int] = field(default_factory=dict)
    passes: dict[str, dict[str, int | None]] = field(default_factory=dict)

    def total(self, rule: str, period: str) -> int:
        """The total of a rule in a period; 0 when nothing is known."""
        periods = self.totals.get(rule)
        return 0 if periods is None else periods.get(period, 0)

    def put(self, rule: str, period: str, total: int) -> tuple[str, int] | None:
        """Remember a total; the period that is forgotten for it, with its total, if there is one."""
        if rule not in self.totals and len(self.totals) >= MAX_RULES:
            del self.totals[min(self.totals, key=lambda name: max(self.totals[name], default=""))]
        periods = self.totals.setdefault(rule, {})
        periods[period] = total
        if len(periods) <= MAX_PERIODS:
            return None
        oldest = min(periods)
        return oldest, periods.pop(oldest)

    def put_pass(self, name: str, period: str, rides: int | None) -> None:
        """Remember how many rides of a pass are left; None: as many as one likes."""
        if name not in self.passes and len(self.passes) >= MAX_RULES:
            del self.passes[min(self.passes, key=lambda name: max(self.passes[name], default=""))]
        periods = self.passes.setdefault(name, {})
        periods[period] = rides
        if len(periods) > MAX_PERIODS:
            del periods[min(periods)]

    def put_years(self, rule: str, years: int) -> None:
        """Remember how many years had enough rides."""
        if rule not in self.years and len(self.years) >= MAX_RULES:
            del self.years[next(iter(self.years))]
        self.years[rule] = years

    def as_data(self) -> dict[str, Any]:
        """The state as plain values, for JSON; `of_data` reads it."""
        chain = self.chain
        return {
            "latest_at": None if self.latest_at is None else self.latest_at.isoformat(),
            "chain": None
            if chain is None
            else {
                "first": _anchor_data(chain.first),
                "previous": _anchor_data(chain.previous),
                "in_a_row": chain.in_a_row,
            },
            "totals": {rule: dict(periods) for rule, periods in self.totals.items()},
            "years": dict(self.years),
            "passes": {name: dict(periods) for name, periods in self.passes.items()},
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "History":
        """The state that `as_data` has written."""
        chain = data["chain"]
        return cls(
            latest_at=None if data["latest_at"] is None else datetime.fromisoformat(data["latest_at"]),
            chain=None
            if chain is None
            else Chain(_anchor(chain["first"]), _anchor(chain["previous"]), chain["in_a_row"]),
            totals={rule: dict(periods) for rule, periods in data["totals"].items()},
            years=dict(data["years"]),
            passes={name: dict(periods) for name, periods in data["passes"].items()},
        )


def _anchor_data(anchor: Anchor) -> list[int | str]:
    return [anchor.line, anchor.at.isoformat()]


def _anchor(data: tuple[int, str]) -> Anchor:
    line, at = data
    return Anchor(line, datetime.fromisoformat(at))
