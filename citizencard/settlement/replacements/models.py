"""Which card came in the place of which, and what late taps of an old card cost whom."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, UtcDateTime


class ReplacedFor(StrEnum):
    """Why a card is replaced."""

    LOST = "lost"
    BROKEN = "broken"


class CardReplacement(Base):
    """A new card in the place of an old one. The money that was on the old chip follows when no tap of it should still be on its way.

    Args:
        liable_until: taps before this instant are the holder's; None when all of them are.
        move_from: the money moves with the first close of a day after this instant.
        moved_at: when it did; None before. What comes in later is late.
        moved_fen: what was in the purse then; less than zero never moves and is 0 here.
    """

    __tablename__ = "card_replacement"
    __table_args__ = (
        CheckConstraint("reason IN ('lost', 'broken')", name="reason"),
        CheckConstraint("old_card_id <> new_card_id", name="two_cards"),
        CheckConstraint("(moved_at IS NULL) = (moved_fen IS NULL)", name="moved"),
        CheckConstraint("moved_fen >= 0", name="moved_fen"),
        Index(
            "ix_card_replacement_waiting",
            "move_from",
            postgresql_where=text("moved_at IS NULL"),
            sqlite_where=text("moved_at IS NULL"),
        ),
    )

    old_card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"), primary_key=True)
    new_card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(8))
    liable_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaced_by: Mapped[str] = mapped_column(String(64))
    move_from: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved_fen: Mapped[int | None] = mapped_column(BigInteger)


class PurseShortfall(Base):
    """What was missing in the purse of an old card at the close of a day, because taps came in after its money had moved; who pays it."""

    __tablename__ = "purse_shortfall"
    __table_args__ = (
        CheckConstraint("holder_fen >= 0 AND company_fen >= 0 AND holder_fen + company_fen > 0", name="amounts"),
        Index("uq_purse_shortfall_card_id_business_date", "card_id", "business_date", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card_replacement.old_card_id"))
    business_date: Mapped[date] = mapped_column()
    holder_fen: Mapped[int] = mapped_column(BigInteger)
    company_fen: Mapped[int] = mapped_column(BigInteger)
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime)
