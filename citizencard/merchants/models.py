"""Merchants and lines."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, UtcDateTime

MAX_LINE_NUMBER: Final = 65_535
"""The transfer anchor on the card has two bytes for the line."""
MAX_BASE_FARE_FEN: Final = 100_000
"""No ride costs more than a chip may hold."""
MAX_NAME_CHARACTERS: Final = 120


class MerchantKind(StrEnum):
    """What a merchant sells; it decides which checks a tap must pass."""

    BUS = "bus"
    PARKING = "parking"
    UTILITY = "utility"
    SHOP = "shop"


class Merchant(Base):
    """Somebody who is paid with cards. Its money is in the ledger, under accounts named by its id."""

    __tablename__ = "merchant"
    __table_args__ = (CheckConstraint("kind IN ('bus', 'parking', 'utility', 'shop')", name="kind"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_CHARACTERS))
    kind: Mapped[str] = mapped_column(String(16))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Merchant({self.id}, {self.kind})"


class Line(Base):
    """A line of a merchant. Its base fare is what a subsidy is reckoned from, whatever a record claims."""

    __tablename__ = "line"
    __table_args__ = (
        CheckConstraint(f"number BETWEEN 1 AND {MAX_LINE_NUMBER}", name="number"),
        CheckConstraint(f"base_fare_fen BETWEEN 0 AND {MAX_BASE_FARE_FEN}", name="base_fare"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_CHARACTERS))
    base_fare_fen: Mapped[int] = mapped_column(Integer)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Line({self.number}, {self.merchant_id}, {self.base_fare_fen} fen)"
