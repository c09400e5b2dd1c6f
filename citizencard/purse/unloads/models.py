"""Unloads, and what the chip announced for each."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.db import Base, BigId, UtcDateTime

OPEN: Final = "state IN ('announced', 'authorised')"
"""The chip may be ordered, or was. A card has at most one such unload, and no open load beside it."""
DEBITED: Final = "outcome = 'proven'"
"""The chip has given the money. No counter of a card proves two."""


class UnloadState(StrEnum):
    """Where an unload is. Neither time nor a clerk's word moves it on from `authorised`: only proof does."""

    REQUESTED = "requested"
    ANNOUNCED = "announced"
    AUTHORISED = "authorised"
    PROVEN = "proven"
    DISPROVEN = "disproven"
    WITHDRAWN = "withdrawn"
    PAID_OUT = "paid_out"


class Unload(Base):
    """Money that leaves a chip by one order. `wanted_fen` is None for all there is; `amount_fen` is what the chip announced."""

    __tablename__ = "unload"
    __table_args__ = (
        CheckConstraint(
            "state IN ('requested', 'announced', 'authorised', 'proven', 'disproven', 'withdrawn', 'paid_out')",
            name="state",
        ),
        CheckConstraint("wanted_fen > 0", name="wanted"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("state IN ('requested', 'withdrawn') OR amount_fen IS NOT NULL", name="announced"),
        CheckConstraint("state <> 'paid_out' OR slip_serial IS NOT NULL", name="slip"),
        UniqueConstraint("outlet_id", "slip_serial"),
        Index("uq_unload_open", "card_id", unique=True, postgresql_where=text(OPEN), sqlite_where=text(OPEN)),
        Index("ix_unload_card", "card_id", "requested_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"))
    wanted_fen: Mapped[int | None] = mapped_column(BigInteger)
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proven_late_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    till_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("till.id"))
    outlet_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("outlet.id"))
    slip_serial: Mapped[int | None] = mapped_column(BigInteger)
    paid_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Unload({self.id}, {self.amount_fen or self.wanted_fen} fen, {self.state})"


class UnloadAttempt(Base):
    """What the chip answered to INITIALIZE FOR UNLOAD, when MAC2 was released for it, and what proof said later.

    `loads_before` is the newest load attempt of the card at that moment (0 for none): which of two orders with one counter came first.
    """

    __tablename__ = "unload_attempt"
    __table_args__ = (
        CheckConstraint("amount_fen > 0 AND amount_fen <= old_balance_fen", name="amount"),
        CheckConstraint("outcome IN ('proven', 'disproven')", name="outcome"),
        CheckConstraint("proof IN ('mac3', 'counter')", name="proof"),
        CheckConstraint("outcome IS NULL OR mac2_released_at IS NOT NULL", name="released"),
        CheckConstraint("outcome <> 'proven' OR proof IS NOT NULL", name="proven"),
        UniqueConstraint("unload_id", "number"),
        UniqueConstraint("job_id"),
        Index(
            "uq_unload_attempt_debited",
            "card_id",
            "online_seq",
            unique=True,
            postgresql_where=text(DEBITED),
            sqlite_where=text(DEBITED),
        ),
        Index("ix_unload_attempt_card", "card_id", "online_seq"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unload_id: Mapped[str] = mapped_column(String(32), ForeignKey("unload.id"))
    number: Mapped[int] = mapped_column(Integer)
    card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"))
    job_id: Mapped[str] = mapped_column(String(32), ForeignKey("reader_job.id"))
    loads_before: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    old_balance_fen: Mapped[int] = mapped_column(BigInteger)
    online_seq: Mapped[int] = mapped_column(Integer)
    key_version: Mapped[int] = mapped_column(SmallInteger)
    algorithm: Mapped[int] = mapped_column(SmallInteger)
    random: Mapped[bytes] = mapped_column(HexBytes(4))
    mac1: Mapped[bytes] = mapped_column(HexBytes(4))
    terminal: Mapped[bytes] = mapped_column(HexBytes(6))
    date: Mapped[bytes] = mapped_column(HexBytes(4))
    time: Mapped[bytes] = mapped_column(HexBytes(3))
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mac2_released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(16))
    proof: Mapped[str | None] = mapped_column(String(8))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
