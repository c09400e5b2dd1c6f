"""Holds that terminals asked for, and the parts in which they were settled."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.accounts.models import REASON_CHECK
from citizencard.cards.columns import HexBytes
from citizencard.cards.models import CARD_SERIAL_BYTES
from citizencard.db import Base, BigId, UtcDateTime
from citizencard.terminals.models import TERMINAL_NUMBER_BYTES


class ReleaseOutcome(StrEnum):
    """What a release came to. After either of the two nothing is reserved any more."""

    RELEASED = "released"
    NOTHING_HELD = "nothing_held"


class OnlineHold(Base):
    """The one row of a hold event, named by terminal number, batch and trace: what was claimed and the first verdict, for ever.

    What is reserved and what is left of it, the ledger knows. `reversed_at` and `released_at` are set once.
    """

    __tablename__ = "online_hold"
    __table_args__ = (
        UniqueConstraint("terminal_number", "batch", "trace"),
        CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
        CheckConstraint(REASON_CHECK, name="reason"),
        CheckConstraint("(verdict = 'approved') = (reason IS NULL)", name="refused_why"),
        CheckConstraint("(verdict = 'approved') = (expires_at IS NOT NULL)", name="expires"),
        CheckConstraint("verdict = 'refused' OR (account_id IS NOT NULL AND card_id IS NOT NULL)", name="held_from"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("verdict = 'approved' OR (reversed_at IS NULL AND released_at IS NULL)", name="ended"),
        Index("ix_online_hold_account_id", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES))
    batch: Mapped[int] = mapped_column(BigInteger)
    trace: Mapped[int] = mapped_column(BigInteger)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"))
    card_serial: Mapped[bytes] = mapped_column(HexBytes(CARD_SERIAL_BYTES))
    card_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("card.id"))
    account_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("account.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proof: Mapped[bytes] = mapped_column(HexBytes(8))
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(24))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reversed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"OnlineHold({self.terminal_number.hex()}.{self.batch}.{self.trace}, {self.verdict})"


class HoldSettlement(Base):
    """A part of a hold that a terminal settled, with its first verdict. A fact.

    `is_late`: it came when the hold had expired, and was tried as a purchase; refused, it is the merchant's loss and an open item.
    """

    __tablename__ = "hold_settlement"
    __table_args__ = (
        UniqueConstraint("hold_id", "n"),
        CheckConstraint("n BETWEEN 1 AND 999", name="n"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
        CheckConstraint("reason IN ('insufficient_funds', 'account_frozen', 'account_closed')", name="reason"),
        CheckConstraint("(verdict = 'approved') = (reason IS NULL)", name="refused_why"),
        CheckConstraint("verdict = 'approved' OR is_late", name="refused_late"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hold_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("online_hold.id"))
    n: Mapped[int] = mapped_column(Integer)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    is_final: Mapped[bool]
    is_late: Mapped[bool]
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(24))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
