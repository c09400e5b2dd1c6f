"""What a closed business day leaves behind: one net position a merchant, one custody certificate, and proofs of the books."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, Json, UtcDateTime


class NetPosition(Base):
    """What one merchant earned in one business day, moved from clearing to payable (轧差)."""

    __tablename__ = "settlement_net_position"

    business_date: Mapped[date] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchant.id"), primary_key=True)
    clearing_fen: Mapped[int] = mapped_column(BigInteger)
    """Netted into payable; below zero when refunds outweigh sales."""
    payable_fen: Mapped[int] = mapped_column(BigInteger)
    """Payable after this netting, as at the day's cut."""
    subsidy_fen: Mapped[int] = mapped_column(BigInteger)
    """Owed by sponsors for concessions, as at the day's cut and with what its close added; paid from the company's own account only."""
    suspense_fen: Mapped[int] = mapped_column(BigInteger)
    """Paid by cards, payee undecided, as at the day's cut and with what its close set aside."""


class CustodyCertificate(Base):
    """The day's proof that client money is covered (备付金), in fen, as at the cut of the close."""

    __tablename__ = "settlement_certificate"
    __table_args__ = (CheckConstraint("surplus_fen = cover_fen - owed_fen", name="surplus"),)

    business_date: Mapped[date] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cut_id: Mapped[int] = mapped_column(BigInteger)
    cover_fen: Mapped[int] = mapped_column(BigInteger)
    owed_fen: Mapped[int] = mapped_column(BigInteger)
    surplus_fen: Mapped[int] = mapped_column(BigInteger)
    """Above zero: fees to sweep. Below zero: the company makes it up the same day."""
    custody_fen: Mapped[int] = mapped_column(BigInteger)
    """The book balance of the reserve account, to be held against the bank's statement."""
    cover_parts: Mapped[dict[str, Any]] = mapped_column(Json)
    owed_parts: Mapped[dict[str, Any]] = mapped_column(Json)


class BookProof(Base):
    """One run of the ledger's proof, kept so that people can see when the books were proved last."""

    __tablename__ = "settlement_book_proof"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    proved_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    transfers: Mapped[int] = mapped_column(BigInteger)
    accounts: Mapped[int] = mapped_column(BigInteger)
    differences: Mapped[int] = mapped_column(BigInteger)
    first_difference: Mapped[str] = mapped_column(Text, default="")
