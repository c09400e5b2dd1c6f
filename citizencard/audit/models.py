"""The tables of the audit trail: its entries, the cuts that make them final, and the chain of seals over them."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, UtcDateTime

REASON_CHARS = 200
HASH_CHARS = 64


class AuditEntry(Base):
    """One act. `before_hash` and `after_hash` are SHA-256 over the canonical JSON of what was changed."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(64), index=True)
    person_id: Mapped[str | None] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(32))
    workstation: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(96), index=True)
    reason: Mapped[str] = mapped_column(String(REASON_CHARS))
    before_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    after_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    request_id: Mapped[str] = mapped_column(String(64))


class AuditCut(Base):
    """An instant at which nobody was recording: every entry up to `cut_id` is final, and every later one came after. A fact."""

    __tablename__ = "audit_cut"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cut_id: Mapped[int] = mapped_column(BigInteger)


class AuditSeal(Base):
    """A link of the chain over the entries from `first_id` to `last_id`. A fact; see `citizencard/audit/seals.py` for its bytes."""

    __tablename__ = "audit_seal"
    __table_args__ = (
        CheckConstraint("first_id <= last_id", name="span"),
        CheckConstraint("length(digests) = entries * 24", name="digests"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    last_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    entries: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[str] = mapped_column(String(HASH_CHARS))
    rows_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    digests: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
