"""Gates of lots, stays, and the passages that begin and end them."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.cards.models import CARD_SERIAL_BYTES
from citizencard.db import Base, BigId, UtcDateTime
from citizencard.terminals.models import TERMINAL_NUMBER_BYTES

MAX_LOT_CHARACTERS: Final = 60
"""A lot is named as the rules of tariffs are."""
OPEN_STAY: Final = "state = 'open'"
IN_USE: Final = "ended_at IS NULL"


class Direction(StrEnum):
    """Which way cars pass a gate."""

    ENTRY = "entry"
    EXIT = "exit"


class StayState(StrEnum):
    """Where a stay is. `unpaid`: reversed when the card had come in again (and left, perhaps), so that it could not be opened again."""

    OPEN = "open"
    LEFT = "left"
    UNPAID = "unpaid"


class EntryOutcome(StrEnum):
    """What the gate is told. `entry_repeated`: the card is inside already, no second stay begins, and the gate asks the driver.

    Also told of an entry that comes so late that its car has left since: that stay has ended, and no other begins.
    """

    ENTERED = "entered"
    ENTRY_REPEATED = "entry_repeated"
    REFUSED = "refused"


class EntryReason(StrEnum):
    """Why a card may not come in."""

    UNKNOWN_CARD = "unknown_card"
    CARD_STATE = "card_state"
    HOTLISTED = "hotlisted"
    NO_ACCOUNT = "no_account"
    CLOCK = "clock"


class ParkingGate(Base):
    """A terminal that stands at a lot, for whom and which way, from when until when; an open end is none."""

    __tablename__ = "parking_gate"
    __table_args__ = (
        CheckConstraint("direction IN ('entry', 'exit')", name="direction"),
        Index("uq_parking_gate_in_use", "terminal_id", unique=True,
              postgresql_where=text(IN_USE), sqlite_where=text(IN_USE)),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"))
    lot: Mapped[str] = mapped_column(String(MAX_LOT_CHARACTERS))
    direction: Mapped[str] = mapped_column(String(8))
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ParkingStay(Base):
    """A card's stay in a lot, priced by the tariff in force when it began. At most one is open for a card and lot."""

    __tablename__ = "parking_stay"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'left', 'unpaid')", name="state"),
        CheckConstraint("(state = 'open') = (left_at IS NULL)", name="left"),
        CheckConstraint("(state = 'open') = (amount_fen IS NULL)", name="priced"),
        CheckConstraint("amount_fen IS NULL OR amount_fen >= 0", name="amount"),
        CheckConstraint("(purchase_reference IS NOT NULL) = (state = 'left' AND amount_fen > 0)", name="paid"),
        Index("uq_parking_stay_open", "card_id", "merchant_id", "lot", unique=True,
              postgresql_where=text(OPEN_STAY), sqlite_where=text(OPEN_STAY)),
        Index("ix_parking_stay_card_id", "card_id", "entered_at"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"))
    lot: Mapped[str] = mapped_column(String(MAX_LOT_CHARACTERS))
    card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"))
    card_serial: Mapped[bytes] = mapped_column(HexBytes(CARD_SERIAL_BYTES))
    tariff_version: Mapped[int] = mapped_column(BigInteger, ForeignKey("tariff_version.version"))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entry_terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    state: Mapped[str] = mapped_column(String(8))
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exit_terminal_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("terminal.id"))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    purchase_reference: Mapped[str | None] = mapped_column(String(96), unique=True)

    def __repr__(self) -> str:
        return f"ParkingStay({self.id}, {self.lot}, {self.state})"


class ParkingEntry(Base):
    """The one row of an entry event, named by terminal number, batch and trace: what the gate said and its first answer. A fact."""

    __tablename__ = "parking_entry"
    __table_args__ = (
        UniqueConstraint("terminal_number", "batch", "trace"),
        CheckConstraint("outcome IN ('entered', 'entry_repeated', 'refused')", name="outcome"),
        CheckConstraint("reason IN ('unknown_card', 'card_state', 'hotlisted', 'no_account', 'clock')", name="reason"),
        CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="refused_why"),
        CheckConstraint("(outcome = 'refused') = (stay_id IS NULL)", name="stay"),
        Index("ix_parking_entry_stay_id", "stay_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES))
    batch: Mapped[int] = mapped_column(BigInteger)
    trace: Mapped[int] = mapped_column(BigInteger)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    card_serial: Mapped[bytes] = mapped_column(HexBytes(CARD_SERIAL_BYTES))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(16))
    stay_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("parking_stay.id"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ParkingExit(Base):
    """The one row of an exit event: what the gate said and its first answer. `reversed_at` of an approved one is set once.

    The reasons are those of an on-line purchase; the money, if any, is the purchase of the same name.
    """

    __tablename__ = "parking_exit"
    __table_args__ = (
        UniqueConstraint("terminal_number", "batch", "trace"),
        CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
        CheckConstraint("(verdict = 'approved') = (reason IS NULL)", name="refused_why"),
        CheckConstraint("amount_fen >= 0", name="amount"),
        CheckConstraint("reversed_at IS NULL OR verdict = 'approved'", name="reversed"),
        Index("ix_parking_exit_stay_id", "stay_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES))
    batch: Mapped[int] = mapped_column(BigInteger)
    trace: Mapped[int] = mapped_column(BigInteger)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    card_serial: Mapped[bytes] = mapped_column(HexBytes(CARD_SERIAL_BYTES))
    stay_id: Mapped[str] = mapped_column(String(32), ForeignKey("parking_stay.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(24))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reversed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
