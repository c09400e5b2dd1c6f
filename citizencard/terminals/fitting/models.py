"""Modules made for devices."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.db import Base, UtcDateTime
from citizencard.terminals.models import TERMINAL_NUMBER_BYTES


class TerminalFitting(Base):
    """A module that was ordered for a device: who may call under its number until it is bound. It earns nobody money."""

    __tablename__ = "terminal_fitting"

    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"), index=True)
    psam_order_id: Mapped[str] = mapped_column(String(32), ForeignKey("psam_order.id"), unique=True)
    fitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
