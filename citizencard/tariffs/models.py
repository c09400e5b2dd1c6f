"""Tariff versions as they were published, and what became of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, Json, UtcDateTime


class TariffVersion(Base):
    """A tariff that two people put into force. Rows are facts: a mistake is mended by the next version."""

    __tablename__ = "tariff_version"
    __table_args__ = (CheckConstraint("version BETWEEN 1 AND 4294967295", name="version"),)

    version: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    effective_from: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    approval_id: Mapped[str] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"TariffVersion({self.version}, from {self.effective_from.isoformat()})"


class TariffRollback(Base):
    """A version that brings an earlier one's rules back. Rows are facts."""

    __tablename__ = "tariff_rollback"
    __table_args__ = (CheckConstraint("restores < version", name="earlier"),)

    version: Mapped[int] = mapped_column(
        BigId, ForeignKey("tariff_version.version"), primary_key=True, autoincrement=False
    )
    restores: Mapped[int] = mapped_column(BigId, ForeignKey("tariff_version.version"))


class TariffWithdrawal(Base):
    """A version that two people took back before its time came: it never takes effect. Rows are facts."""

    __tablename__ = "tariff_withdrawal"

    version: Mapped[int] = mapped_column(
        BigId, ForeignKey("tariff_version.version"), primary_key=True, autoincrement=False
    )
    approval_id: Mapped[str] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)
    withdrawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
