"""Chips in stock, cards, the history of their states, and the hotlist."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.db import Base, BigId, Json, UtcDateTime

CHIP_SERIAL_BYTES: Final = 8
CARD_SERIAL_BYTES: Final = 10
SS_CARD_ID_BYTES: Final = 16
PSAM_SERIAL_BYTES: Final = 10
TERMINAL_NUMBER_BYTES: Final = 6
STAMPS: Final = "unlisted_in IS NULL OR (listed_in IS NOT NULL AND unlisted_in >= listed_in)"
"""Nothing comes off a published list before it was on it."""


def _where(name: str, column: str, condition: str) -> Index:
    return Index(name, column, postgresql_where=text(condition), sqlite_where=text(condition))


class ChipKind(StrEnum):
    """What a chip is delivered for."""

    CARD = "card"
    PSAM = "psam"


class StockState(StrEnum):
    """Where a chip of the stock is in its life."""

    BLANK = "blank"
    IN_WORK = "in_work"
    PERSONALISED = "personalised"
    SPOILED = "spoiled"


class CardState(StrEnum):
    """Where a card is in its life."""

    APPLIED = "applied"
    PERSONALISED = "personalised"
    ISSUED = "issued"
    ACTIVE = "active"
    TEMP_LOST = "temp_lost"
    LOST = "lost"
    BLOCKED = "blocked"
    SPOILED = "spoiled"
    CLOSED = "closed"


class CardStock(Base):
    """A chip as the maker delivered it. One chip carries one card number in its life, or none.

    `has_transport_key` is true as long as the command that replaces the maker's key was surely not carried out. A chip allows three wrong
    tries: without this a chip that is torn again and again would be blocked by guessing which key it has.
    """

    __tablename__ = "card_stock"
    __table_args__ = (
        CheckConstraint("kind IN ('card', 'psam')", name="kind"),
        CheckConstraint("state IN ('blank', 'in_work', 'personalised', 'spoiled')", name="state"),
    )

    chip_serial: Mapped[bytes] = mapped_column(HexBytes(CHIP_SERIAL_BYTES), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    batch: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    has_transport_key: Mapped[bool] = mapped_column(Boolean)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CardCounter(Base):
    """The last number given out of a series; numbers only rise and are never given twice."""

    __tablename__ = "card_counter"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    last_number: Mapped[int] = mapped_column(BigId)


class Card(Base):
    """One card number from its application to its closing, and the chip that carries it once personalisation has begun."""

    __tablename__ = "card"
    __table_args__ = (
        CheckConstraint(
            "state IN ('applied', 'personalised', 'issued', 'active', 'temp_lost', 'lost', 'blocked', 'spoiled', 'closed')",
            name="state",
        ),
        CheckConstraint("state IN ('applied', 'closed') OR chip_serial IS NOT NULL", name="chip"),
        Index("ix_card_key_version", "key_version", "serial"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), ForeignKey("person.id"), index=True)
    card_class: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(16))
    serial: Mapped[bytes] = mapped_column(HexBytes(CARD_SERIAL_BYTES), unique=True)
    chip_serial: Mapped[bytes | None] = mapped_column(
        HexBytes(CHIP_SERIAL_BYTES), ForeignKey("card_stock.chip_serial"), unique=True
    )
    key_version: Mapped[int] = mapped_column(SmallInteger)
    ss_card_number: Mapped[str | None] = mapped_column(String(9), unique=True)
    ss_card_id: Mapped[bytes | None] = mapped_column(HexBytes(SS_CARD_ID_BYTES), unique=True)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Card({self.id}, class {self.card_class:02X}, {self.state})"


class CardStateChange(Base):
    """A state that a card came into. Rows are facts: never changed, never back-dated."""

    __tablename__ = "card_state_change"
    __table_args__ = (Index("ix_card_state_change_as_of", "serial", "effective_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"), index=True)
    serial: Mapped[bytes] = mapped_column(HexBytes(CARD_SERIAL_BYTES))
    act: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(200))
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HotlistEntry(Base):
    """A card that terminals must refuse from an instant on, until it is removed. Never back-dated, never deleted.

    `listed_in` and `unlisted_in` are the publications in which it came onto the list that terminals fetch, and off it; both the same for
    an entry that was removed before anything was published.
    """

    __tablename__ = "hotlist_entry"
    __table_args__ = (
        CheckConstraint("effective_from >= recorded_at", name="not_back_dated"),
        CheckConstraint("removed_from IS NULL OR removed_from >= effective_from", name="removal_after_start"),
        CheckConstraint(STAMPS, name="publications"),
        Index(
            "uq_hotlist_entry_open",
            "serial",
            unique=True,
            postgresql_where=text("removed_from IS NULL"),
            sqlite_where=text("removed_from IS NULL"),
        ),
        Index("ix_hotlist_entry_as_of", "serial", "effective_from"),
        _where("ix_hotlist_entry_listed_in", "listed_in", "listed_in IS NOT NULL"),
        _where("ix_hotlist_entry_unlisted_in", "unlisted_in", "unlisted_in IS NOT NULL"),
        _where("ix_hotlist_entry_to_list", "effective_from", "listed_in IS NULL"),
        _where("ix_hotlist_entry_to_unlist", "removed_from", "unlisted_in IS NULL AND removed_from IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"), index=True)
    serial: Mapped[bytes] = mapped_column(HexBytes(CARD_SERIAL_BYTES))
    reason: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    effective_from: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    removed_from: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    listed_in: Mapped[int | None] = mapped_column(Integer)
    unlisted_in: Mapped[int | None] = mapped_column(Integer)


class BlockKind(StrEnum):
    """What a block of the hotlist names."""

    RANGE = "range"
    MODULE = "module"


class HotlistBlock(Base):
    """A range of card serials, or the terminal number of a security module, whose taps are refused from an instant on.

    `first` and `last` are upper-case hexadecimal text: serials of 10 bytes, or twice the number of 6. Put on and taken off by two people;
    never back-dated.
    """

    __tablename__ = "hotlist_block"
    __table_args__ = (
        CheckConstraint("kind IN ('range', 'module')", name="kind"),
        CheckConstraint(
            "(kind = 'range' AND length(first) = 20 AND length(last) = 20 AND first <= last)"
            " OR (kind = 'module' AND length(first) = 12 AND first = last)",
            name="bounds",
        ),
        CheckConstraint("effective_from >= recorded_at", name="not_back_dated"),
        CheckConstraint("removed_from IS NULL OR removed_from >= effective_from", name="removal_after_start"),
        CheckConstraint(STAMPS, name="publications"),
        CheckConstraint("(removed_from IS NULL) = (end_approval_id IS NULL)", name="four_eyes"),
        Index(
            "uq_hotlist_block_open",
            "first",
            "last",
            unique=True,
            postgresql_where=text("removed_from IS NULL"),
            sqlite_where=text("removed_from IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    first: Mapped[str] = mapped_column(String(20))
    last: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    effective_from: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    listed_in: Mapped[int | None] = mapped_column(Integer)
    unlisted_in: Mapped[int | None] = mapped_column(Integer)
    approval_id: Mapped[str] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)
    end_approval_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)


class HotlistPublication(Base):
    """A version of the list that terminals fetch. Rows are facts: what version n said can be told for ever.

    `digest` is the SHA-256 of the whole list (hardware/terminal/PROTOCOL.md).
    """

    __tablename__ = "hotlist_publication"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("length(digest) = 32", name="digest"),
    )

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cards: Mapped[int] = mapped_column(Integer)
    ranges: Mapped[int] = mapped_column(Integer)
    modules: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class PsamState(StrEnum):
    """Where an ordered security module is."""

    ORDERED = "ordered"
    PERSONALISED = "personalised"
    SPOILED = "spoiled"


class PsamOrder(Base):
    """A security module to be made for one terminal number, which no other ever gets; its keys' version is fixed with its chip."""

    __tablename__ = "psam_order"
    __table_args__ = (
        CheckConstraint("state IN ('ordered', 'personalised', 'spoiled')", name="state"),
        CheckConstraint("state = 'ordered' OR chip_serial IS NOT NULL", name="chip"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    serial: Mapped[bytes] = mapped_column(HexBytes(PSAM_SERIAL_BYTES), unique=True)
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES), unique=True)
    chip_serial: Mapped[bytes | None] = mapped_column(
        HexBytes(CHIP_SERIAL_BYTES), ForeignKey("card_stock.chip_serial"), unique=True
    )
    key_version: Mapped[int | None] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(16))
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReaderJob(Base):
    """A conversation with one chip in a reader, kept between its steps. The state holds no key, no PIN, no personal data."""

    __tablename__ = "reader_job"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[dict[str, Any]] = mapped_column(Json)
    step: Mapped[int] = mapped_column(Integer)
    token_hash: Mapped[str] = mapped_column(String(64))
    actor: Mapped[dict[str, Any]] = mapped_column(Json)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(64))


class ReaderJobStep(Base):
    """The commands of one step, and afterwards the digest of what the card answered to them.

    Commands are encrypted by the vault: some carry the holder's name to the card.
    """

    __tablename__ = "reader_job_step"

    job_id: Mapped[str] = mapped_column(String(32), ForeignKey("reader_job.id"), primary_key=True)
    step: Mapped[int] = mapped_column(Integer, primary_key=True)
    commands: Mapped[bytes] = mapped_column(LargeBinary)
    ticks: Mapped[list[str]] = mapped_column(Json)
    answer_digest: Mapped[str | None] = mapped_column(String(64))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
