"""Decisions about taps, proposals of them, and notes that a finding was looked at. All rows are facts."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.audit import REASON_CHARS
from citizencard.db import Base, BigId, Json, UtcDateTime
from citizencard.purse.uploads.models import TapRecord

ACCOUNT_CHARACTERS: Final = 96


class Outcome(StrEnum):
    """What becomes of the money of a tap."""

    MERCHANT = "merchant"
    HOLDER = "holder"
    COMPANY = "company"
    GOODWILL = "goodwill"


class TapDecision(Base):
    """What two people have decided about the money of a tap, once.

    Args:
        amount_fen: what was in suspense, or, of goodwill, what is given for a record that was rejected.
        reference: of the transfer that the decision is; None where there was no money.
        made_good: of the transfer that gives the holder the money back at the company's cost.
        merchant_id: who gets it; None where the holder does.
        credited: the account that stands for the holder, where the holder gets money.
        subsidy_fen: what sponsors pay beside it.
        explanation: how the price of the ride comes about; None where the merchant does not earn it.
        finding_to: the last finding that the people who decided could know of; 0 when there was none.
    """

    __tablename__ = "tap_decision"
    __table_args__ = (
        CheckConstraint("outcome IN ('merchant', 'holder', 'company', 'goodwill')", name="outcome"),
        CheckConstraint("amount_fen >= 0 AND subsidy_fen >= 0", name="amounts"),
        CheckConstraint("(reference IS NULL) = (amount_fen = 0)", name="reference"),
        CheckConstraint("(outcome = 'company' AND amount_fen > 0) = (made_good IS NOT NULL)", name="made_good"),
        CheckConstraint("(outcome = 'holder') = (merchant_id IS NULL)", name="merchant"),
        CheckConstraint("(outcome IN ('holder', 'company')) = (credited IS NOT NULL)", name="credited"),
        CheckConstraint("outcome <> 'goodwill' OR amount_fen > 0", name="goodwill"),
        CheckConstraint("outcome IN ('merchant', 'company') OR subsidy_fen = 0", name="subsidy"),
        Index("uq_tap_decision_approval_id_line", "approval_id", "line", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_id: Mapped[int] = mapped_column(BigId, ForeignKey("tap_record.id"), unique=True)
    outcome: Mapped[str] = mapped_column(String(12))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str | None] = mapped_column(String(96), unique=True)
    made_good: Mapped[str | None] = mapped_column(String(96), unique=True)
    merchant_id: Mapped[str | None] = mapped_column(String(32))
    credited: Mapped[str | None] = mapped_column(String(ACCOUNT_CHARACTERS))
    subsidy_fen: Mapped[int] = mapped_column(BigInteger)
    explanation: Mapped[dict[str, Any] | None] = mapped_column(Json)
    finding_to: Mapped[int] = mapped_column(BigInteger)
    approval_id: Mapped[str] = mapped_column(String(32), ForeignKey("approval.id"))
    line: Mapped[int] = mapped_column(Integer)
    decided_by: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"TapDecision({self.record_id}, {self.outcome}, {self.amount_fen} fen)"


class TapProposal(Base):
    """A line of a proposal that waits, or waited, for a second person."""

    __tablename__ = "tap_proposal"
    __table_args__ = (Index("uq_tap_proposal_approval_id_line", "approval_id", "line", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    approval_id: Mapped[str] = mapped_column(String(32), ForeignKey("approval.id"))
    line: Mapped[int] = mapped_column(Integer)
    record_id: Mapped[int] = mapped_column(BigId, ForeignKey("tap_record.id"), index=True)


class TapNote(Base):
    """Somebody has looked at the findings of a tap that move no money, or at a rejected record, and nothing more is to be done.

    `finding_to` is the last finding that was there; what is found later is looked at anew. 0 when there was none.
    """

    __tablename__ = "tap_note"
    __table_args__ = (Index("uq_tap_note_record_id_finding_to", "record_id", "finding_to", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_id: Mapped[int] = mapped_column(BigId, ForeignKey("tap_record.id"))
    finding_to: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(REASON_CHARS))
    noted_by: Mapped[str] = mapped_column(String(64))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


_REJECTED: Final = text("verdict = 'rejected'")
Index("ix_tap_record_rejected", TapRecord.id, postgresql_where=_REJECTED, sqlite_where=_REJECTED)
