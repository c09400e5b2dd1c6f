"""Receipts: what a slip says, kept as it was said."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, Json, UtcDateTime

TOKEN_CHARACTERS: Final = 32


class ReceiptKind(StrEnum):
    """What a receipt is for."""

    BILL = "bill"
    TOP_UP = "top_up"
    REFUND = "refund"


class Receipt(Base):
    """A slip that was given for money. Rows are facts.

    `serial` rises and may leave gaps. `token` opens the public page: whoever holds the slip can check it, nobody can guess it.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        CheckConstraint("kind IN ('bill', 'top_up', 'refund')", name="kind"),
        CheckConstraint("amount_fen > 0", name="amount"),
        UniqueConstraint("kind", "subject_id"),
    )

    serial: Mapped[int] = mapped_column(BigId, primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    token: Mapped[str] = mapped_column(String(TOKEN_CHARACTERS), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(32))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Receipt({self.id}, {self.kind}, {self.amount_fen} fen)"
