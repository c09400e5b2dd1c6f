"""Loads, and the attempts to bring each onto its chip."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.db import Base, BigId, UtcDateTime

OPEN: Final = "state IN ('reserved', 'authorised', 'disproven')"
"""The load's money lies in `inload`. A card has at most one such load."""


class LoadState(StrEnum):
    """Where a load is. Neither time nor a clerk's word moves a load on from `authorised`: only proof does."""

    REQUESTED = "requested"
    RESERVED = "reserved"
    AUTHORISED = "authorised"
    PROVEN = "proven"
    DISPROVEN = "disproven"
    GIVEN_BACK = "given_back"


class LoadSource(StrEnum):
    """Whose money goes onto the chip: cash at a counter, what waits to be written (补登), or the card's on-line account."""

    CASH = "cash"
    DUE = "due"
    ACCOUNT = "account"


class Load(Base):
    """Money that somebody paid to have it on a chip: one payment, however many attempts it takes.

    A load at a counter has a till and its slip; one at a kiosk is named `<terminal number>.<batch>.<trace>` and has the terminal instead.
    """

    __tablename__ = "load"
    __table_args__ = (
        CheckConstraint(
            "state IN ('requested', 'reserved', 'authorised', 'proven', 'disproven', 'given_back')", name="state"
        ),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("state = 'requested' OR source <> 'cash' OR slip_serial IS NOT NULL", name="slip"),
        CheckConstraint("source IN ('cash', 'due', 'account')", name="source"),
        CheckConstraint("(source = 'cash') = (till_id IS NOT NULL)", name="till"),
        CheckConstraint("(source = 'cash') = (outlet_id IS NOT NULL)", name="outlet"),
        CheckConstraint("(source = 'account') = (account_id IS NOT NULL)", name="account"),
        CheckConstraint("(source = 'cash') = (kiosk_id IS NULL)", name="kiosk"),
        UniqueConstraint("outlet_id", "slip_serial"),
        Index("uq_load_open", "card_id", unique=True, postgresql_where=text(OPEN), sqlite_where=text(OPEN)),
        Index("ix_load_card", "card_id", "requested_at"),
        Index("ix_load_till", "till_id", "requested_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(8))
    till_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("till.id"))
    outlet_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("outlet.id"))
    account_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("account.id"))
    kiosk_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("terminal.id"))
    slip_serial: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    given_back_to: Mapped[str | None] = mapped_column(String(64))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proven_late_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Load({self.id}, {self.amount_fen} fen, {self.state})"


class LoadAttempt(Base):
    """One try of a load: what the card answered to INITIALIZE, when MAC2 was released, and what proof said later.

    Carried by a reader job or by a kiosk. `probe` is what a kiosk has to ask the card with when it wants to disprove this attempt.
    """

    __tablename__ = "load_attempt"
    __table_args__ = (
        CheckConstraint("outcome IN ('proven', 'disproven')", name="outcome"),
        CheckConstraint("(job_id IS NULL) <> (kiosk_id IS NULL)", name="carrier"),
        UniqueConstraint("load_id", "number"),
        UniqueConstraint("job_id"),
        Index("ix_load_attempt_card", "card_id", "online_seq"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    load_id: Mapped[str] = mapped_column(String(32), ForeignKey("load.id"))
    number: Mapped[int] = mapped_column(Integer)
    card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"))
    job_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("reader_job.id"))
    kiosk_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("terminal.id"))
    online_seq: Mapped[int] = mapped_column(Integer)
    old_balance_fen: Mapped[int] = mapped_column(BigInteger)
    key_version: Mapped[int] = mapped_column(SmallInteger)
    algorithm: Mapped[int] = mapped_column(SmallInteger)
    random: Mapped[bytes] = mapped_column(HexBytes(4))
    mac1: Mapped[bytes] = mapped_column(HexBytes(4))
    terminal: Mapped[bytes] = mapped_column(HexBytes(6))
    date: Mapped[bytes] = mapped_column(HexBytes(4))
    time: Mapped[bytes] = mapped_column(HexBytes(3))
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mac2_released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    probe: Mapped[bytes | None] = mapped_column(HexBytes(6))
    outcome: Mapped[str | None] = mapped_column(String(16))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
