"""Tariffs that were proposed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, Json, UtcDateTime


class TariffDraft(Base):
    """A proposed tariff. The approval holds its digest, so that nothing can be changed between proposal and approval."""

    __tablename__ = "tariff_draft"

    approval_id: Mapped[str] = mapped_column(String(32), ForeignKey("approval.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigId, unique=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
