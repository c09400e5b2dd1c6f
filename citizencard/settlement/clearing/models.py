"""How far taps are cleared, what still is to be, and which taps were set aside."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, UtcDateTime


class Cause(StrEnum):
    """Why the money of a tap went to suspense, or that what spoke against it is gone."""

    COUNTER_FORK = "counter_fork"
    OVER_GUARANTEE = "over_guarantee"
    COVERED = "covered"


class SubjectKind(StrEnum):
    """What is cleared together: the taps of one card, or those of one terminal number."""

    CARD = "card"
    TERMINAL = "terminal"


class TapClearing(Base):
    """A day's clearing: it looks at records after `after_id`, the next one at those after `next_after_id`; done when `cleared_at` is set.

    An upload may be numbered before a clearing looks and become visible after it. So `next_after_id` lies before all that came in within
    the last time: those are cleared again, which changes nothing.
    """

    __tablename__ = "tap_clearing"

    business_date: Mapped[date] = mapped_column(primary_key=True)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    after_id: Mapped[int] = mapped_column(BigId)
    next_after_id: Mapped[int] = mapped_column(BigId)
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TapToClear(Base):
    """A card (by serial) or a terminal number with new taps; removed when they are cleared.

    `low` and `high` bound the card's counters, or the terminal's sequences, of the new taps, `first_at` and `last_at` their times; all are
    None of a card of which only the money has moved.
    """

    __tablename__ = "tap_to_clear"
    __table_args__ = (CheckConstraint("kind IN ('card', 'terminal')", name="kind"),)

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject: Mapped[str] = mapped_column(String(20), primary_key=True)
    low: Mapped[int | None] = mapped_column(BigInteger)
    high: Mapped[int | None] = mapped_column(BigInteger)
    first_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TapSetAside(Base):
    """Money of an accepted tap that went from its merchant's clearing to suspense, or came back. Rows are facts.

    Of one tap, odd numbers went to suspense and even ones came back: the last row says where the money is, unless people have decided
    about it since. `subsidy_fen` went back to the sponsors with it, and came again.
    """

    __tablename__ = "tap_set_aside"
    __table_args__ = (
        CheckConstraint("cause IN ('counter_fork', 'over_guarantee', 'covered')", name="cause"),
        CheckConstraint("number > 0 AND (cause = 'covered') = (number % 2 = 0)", name="number"),
        CheckConstraint("amount_fen >= 0 AND subsidy_fen >= 0", name="amounts"),
        Index("uq_tap_set_aside_record_id_number", "record_id", "number", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_id: Mapped[int] = mapped_column(BigId, ForeignKey("tap_record.id"))
    number: Mapped[int] = mapped_column(Integer)
    cause: Mapped[str] = mapped_column(String(16))
    business_date: Mapped[date] = mapped_column(index=True)
    merchant_id: Mapped[str] = mapped_column(String(32))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    subsidy_fen: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str] = mapped_column(String(96), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def is_aside(self) -> bool:
        """By this row the money is in suspense."""
        return self.number % 2 == 1

    def __repr__(self) -> str:
        return f"TapSetAside({self.reference}, {self.cause}, {self.amount_fen} fen)"
