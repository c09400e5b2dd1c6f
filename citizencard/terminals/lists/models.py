"""Issuers whose cards our terminals know, shifts of devices, and sequences that devices are asked for."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.cards.models import STAMPS
from citizencard.db import Base, BigId, Json, UtcDateTime
from citizencard.terminals.models import TERMINAL_NUMBER_BYTES

ISSUER_BYTES: Final = 8


class PartnerIssuer(Base):
    """Another city's issuer, admitted by two people from an instant on and perhaps withdrawn by two people. Never back-dated.

    `listed_in` and `unlisted_in` are the publications in which it came onto the list that terminals fetch, and off it.
    """

    __tablename__ = "partner_issuer"
    __table_args__ = (
        CheckConstraint("admitted_from >= recorded_at", name="not_back_dated"),
        CheckConstraint("withdrawn_from IS NULL OR withdrawn_from >= admitted_from", name="end_after_start"),
        CheckConstraint(STAMPS, name="publications"),
        CheckConstraint("(withdrawn_from IS NULL) = (end_approval_id IS NULL)", name="four_eyes"),
        Index(
            "uq_partner_issuer_open",
            "issuer",
            unique=True,
            postgresql_where=text("withdrawn_from IS NULL"),
            sqlite_where=text("withdrawn_from IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    issuer: Mapped[bytes] = mapped_column(HexBytes(ISSUER_BYTES))
    city: Mapped[str] = mapped_column(String(4))
    name: Mapped[str] = mapped_column(String(120))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    admitted_from: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    listed_in: Mapped[int | None] = mapped_column(Integer)
    unlisted_in: Mapped[int | None] = mapped_column(Integer)
    approval_id: Mapped[str] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)
    end_approval_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)


class IssuerPublication(Base):
    """A version of the list of issuers. Rows are facts."""

    __tablename__ = "issuer_publication"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issuers: Mapped[int] = mapped_column(Integer)


class TerminalShift(Base):
    """A shift of a device, named by the batch number that its sign-in gave; once signed out, both sides' totals."""

    __tablename__ = "terminal_shift"
    __table_args__ = (
        CheckConstraint(
            "(ended_at IS NULL) = (agrees IS NULL) AND (ended_at IS NULL OR claimed IS NOT NULL)", name="ended"
        ),
    )

    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"), primary_key=True)
    batch: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed: Mapped[dict[str, Any] | None] = mapped_column(Json)
    arrived: Mapped[dict[str, Any] | None] = mapped_column(Json)
    agrees: Mapped[bool | None] = mapped_column(Boolean)


class GapAnswer(StrEnum):
    """How a gap was closed."""

    ARRIVED = "arrived"
    NO_DEBIT = "no_debit"


class TerminalGap(Base):
    """Sequences of a security module, first to last, of which no record has come; and what became of the question."""

    __tablename__ = "terminal_gap"
    __table_args__ = (
        CheckConstraint("first >= 0 AND first <= last", name="bounds"),
        CheckConstraint("answer IN ('arrived', 'no_debit')", name="answer"),
        CheckConstraint("(closed_at IS NULL) = (answer IS NULL)", name="closed"),
        Index("ix_terminal_gap_terminal_number_first", "terminal_number", "first"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES))
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(String(8))
