"""The journal of keys and the movements of PSAMs: facts, never changed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.cards.models import PSAM_SERIAL_BYTES
from citizencard.db import Base, BigId, Json, UtcDateTime


class KeyAct(StrEnum):
    """What was done to a key."""

    CEREMONY = "ceremony"
    IMPORT = "import"
    EXPORT = "export"
    GENERATE = "generate"
    ACTIVATE = "activate"
    RETIRING = "retiring"
    RETIRE = "retire"
    DESTROY = "destroy"
    SHARES = "shares"
    RECOVER = "recover"


class PsamAct(StrEnum):
    """Where a PSAM has gone."""

    RECEIVED = "received"
    STORED = "stored"
    ISSUED = "issued"
    RETURNED = "returned"
    LOST = "lost"
    DESTROYED = "destroyed"


class KeyJournalEntry(Base):
    """Something that was done to a key, by whom, and what state it left the key in. No key material, ever.

    `people` are person ids. A transfer id stands once: a file that comes again is refused by the database too.
    """

    __tablename__ = "key_journal"
    __table_args__ = (
        CheckConstraint(
            "act IN ('ceremony', 'import', 'export', 'generate', 'activate', 'retiring', 'retire', 'destroy', 'shares', 'recover')",
            name="act",
        ),
        CheckConstraint("realm IN ('test', 'production')", name="realm"),
        CheckConstraint("transfer_id IS NULL OR act = 'import'", name="transfer"),
        CheckConstraint("verify_until IS NULL OR act = 'retiring'", name="verify_until"),
        Index("ix_key_journal_key_id", "key_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    act: Mapped[str] = mapped_column(String(16))
    key_id: Mapped[str] = mapped_column(String(64))
    check_value: Mapped[str] = mapped_column(String(6))
    state: Mapped[str] = mapped_column(String(16))
    realm: Mapped[str] = mapped_column(String(16))
    verify_until: Mapped[date | None] = mapped_column(Date)
    transfer_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    people: Mapped[list[str]] = mapped_column(Json)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    record_hash: Mapped[bytes | None] = mapped_column(HexBytes(32))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PsamMovement(Base):
    """A PSAM that went from one hand to the next. Its destruction has a witness."""

    __tablename__ = "psam_movement"
    __table_args__ = (
        CheckConstraint("act IN ('received', 'stored', 'issued', 'returned', 'lost', 'destroyed')", name="act"),
        CheckConstraint("act <> 'destroyed' OR witness_person_id IS NOT NULL", name="witness"),
        CheckConstraint("witness_person_id IS NULL OR witness_person_id <> person_id", name="four_eyes"),
        Index("ix_psam_movement_psam_serial", "psam_serial", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    psam_serial: Mapped[bytes] = mapped_column(HexBytes(PSAM_SERIAL_BYTES))
    act: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(64))
    holds: Mapped[list[str]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(200))
    staff_id: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str] = mapped_column(String(64))
    witness_person_id: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
