"""Approvals."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, Json, UtcDateTime

PROPOSED = "proposed"
APPROVED = "approved"
DECLINED = "declined"
EXECUTED = "executed"


class Approval(Base):
    """An act that needs two people, with the exact payload that it will be carried out with.

    The payload is kept for the checker to read and its SHA-256 to compare at execution; it holds ids and amounts, no personal data.
    """

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'approved', 'declined', 'executed')", name="state"),
        CheckConstraint("checker_person_id IS NULL OR checker_person_id <> maker_person_id", name="four_eyes"),
        CheckConstraint(
            "state = 'proposed' OR (checker_id IS NOT NULL AND decided_at IS NOT NULL)", name="decided_by_somebody"
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(96), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    payload_hash: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16), index=True)
    maker_id: Mapped[str] = mapped_column(String(64))
    maker_person_id: Mapped[str] = mapped_column(String(64))
    checker_id: Mapped[str | None] = mapped_column(String(64))
    checker_person_id: Mapped[str | None] = mapped_column(String(64))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    executed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
