"""Which business day an id belongs to, by the cuts alone; and what each day came to, counted as the transfers pass by."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.checks import Difference

NO_END: Final = 2**63 - 1
FIRST_ID: Final = 1


@dataclass(frozen=True, slots=True)
class Span:
    """A business day (YYYY-MM-DD) and the last id that it holds; the first one follows the day before."""

    day: str
    last_id: int


@dataclass(slots=True)
class Tally:
    """What was looked at: how many transfers over how many fen, in all and of each day."""

    transfers: int = 0
    total_fen: int = 0
    days: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Count what another one has counted."""
        for day, (transfers, total_fen) in other.days.items():
            self.count(day, transfers, total_fen)

    def count(self, day: str, transfers: int, total_fen: int) -> None:
        """Count transfers of a day."""
        self.transfers += transfers
        self.total_fen += total_fen
        before = self.days.get(day, (0, 0))
        self.days[day] = (before[0] + transfers, before[1] + total_fen)


def spans(session: Session) -> tuple[Span, ...]:
    """The business days in their order; the open one has no end. A city has a few thousand of them in a generation."""
    found = session.execute(text("SELECT CAST(day AS text) AS day, cut_id FROM ledger_day ORDER BY day"))
    return tuple(Span(row.day, NO_END if row.cut_id is None else row.cut_id) for row in found)


def span_of(days: Sequence[Span], number: int) -> Span:
    """The first day that has not ended before an id; below the first id and behind the last day, a span without a day."""
    if number < FIRST_ID:
        return Span("", FIRST_ID - 1)
    at = bisect_left(days, number, key=lambda span: span.last_id)
    return days[at] if at < len(days) else Span("", NO_END)


def day_totals(session: Session, tally: Tally) -> Iterator[Difference]:
    """A closed day still has the transfers that were counted after its close."""
    found = session.execute(
        text(
            "SELECT CAST(day AS text) AS day, transfers, total_fen FROM ledger_day WHERE transfers IS NOT NULL ORDER BY day"
        )
    )
    for row in found:
        transfers, total_fen = tally.days.get(row.day, (0, 0))
        if (transfers, total_fen) != (row.transfers, row.total_fen):
            expected = f"{row.transfers} transfers over {row.total_fen} fen"
            yield Difference("day_totals", f"day {row.day}", expected, f"{transfers} transfers over {total_fen} fen")
