"""What stands in the queue: one entry a tap, with all that is open about it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from citizencard.settlement.clearing.bearing import Bearing

DAY: Final = timedelta(days=1)


class State(StrEnum):
    """How far an entry has come."""

    OPEN = "open"
    PROPOSED = "proposed"
    DECIDED = "decided"


class Age(StrEnum):
    """How long a tap has been waiting since it came in: so many days at most."""

    DAY = "1d"
    THREE_DAYS = "3d"
    WEEK = "7d"
    OLDER = "older"


AGE_LIMITS: Final = ((Age.DAY, DAY), (Age.THREE_DAYS, 3 * DAY), (Age.WEEK, 7 * DAY))
"""Upper bounds; what waits for longer than the last one is older."""


def age_of(received_at: datetime, now: datetime) -> Age:
    """The bucket of what came in at an instant."""
    waited = now - received_at
    return next((age for age, limit in AGE_LIMITS if waited <= limit), Age.OLDER)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries.

    Args:
        state: how far they have come.
        kind: a reason of a verdict or a kind of finding; empty for all.
        merchant_id: whose terminal it was; `unknown` for terminals that were bound to nobody, empty for all.
        age: how long they wait; None for all.
        money: whether money is undecided; None for both.
    """

    state: State = State.OPEN
    kind: str = ""
    merchant_id: str = ""
    age: Age | None = None
    money: bool | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing about a tap that somebody should look at.

    Args:
        kind: the reason of its verdict, or the kind of a finding.
        detail: figures that belong to it.
        found_at: when.
    """

    kind: str
    detail: dict[str, Any] = field(default_factory=dict)
    found_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of an entry.

    Args:
        outcome: merchant, holder, company, goodwill or noted.
        amount_fen: what moved; 0 for a note.
        reference: of the transfer, if money moved.
        by, at: who decided or noted, and when; of a decision the second person.
        approval_id: of the proposal; None for a note.
        reason: of a note.
    """

    outcome: str
    amount_fen: int
    reference: str | None
    by: str
    at: datetime
    approval_id: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tap in the queue.

    Args:
        record_id: the tap; continue a page from here.
        state: open, proposed or decided.
        verdict: at upload.
        reasons: all that is known against it, the verdict's first.
        amount_fen: what the record says.
        open_fen: what is undecided; 0 when no money is.
        is_money: whether a decision about money is due, if only over 0 fen.
        may_be_goodwill: it is a rejected purchase, for which goodwill can be given.
        card_serial: mask it before it is shown.
        bearing: who would bear it by the rule, and why; None where the rule says nothing.
        approval_id: of the proposal that waits.
        decided: what became of it.
    """

    record_id: int
    state: State
    verdict: str
    reasons: tuple[Reason, ...]
    amount_fen: int
    open_fen: int
    is_money: bool
    may_be_goodwill: bool
    card_serial: bytes
    card_id: str | None
    merchant_id: str | None
    merchant: str
    terminal: str
    terminal_sequence: int
    line: int | None
    tapped_at: datetime | None
    received_at: datetime
    age: Age
    bearing: Bearing | None = None
    approval_id: str | None = None
    decided: Decided | None = None

    @property
    def bearer(self) -> str | None:
        """Who would bear it by the rule: holder, merchant or company."""
        return None if self.bearing is None else self.bearing.bearer.value


@dataclass(frozen=True, slots=True)
class Total:
    """The open entries of one age.

    Args:
        age: how long they wait.
        money: with money undecided, and how much.
        others: without.
    """

    age: Age
    money: int
    money_fen: int
    others: int
