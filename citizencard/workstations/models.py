"""Reader agents of workstations, their sessions with cards, and the steps that were signed for them."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.db import Base, UtcDateTime

KEY_BYTES: Final = 32
DIGEST_BYTES: Final = 32
NAME_CHARS: Final = 64
ORIGIN_CHARS: Final = 300


class AgentState(StrEnum):
    """Where a reader agent is in its life. Only a confirmed one gets steps, and only its answers are heard."""

    PAIRED = "paired"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class SessionPurpose(StrEnum):
    """What a session with a card is for: a reader job of staff, or a card's proof for a resident."""

    JOB = "job"
    PROOF = "proof"


class ReaderAgent(Base):
    """The program beside a card reader. Its id follows from its key; two persons stand for it: one paired it, another confirmed it."""

    __tablename__ = "reader_agent"
    __table_args__ = (
        CheckConstraint("state IN ('paired', 'confirmed', 'ended')", name="state"),
        CheckConstraint("realm IN ('test', 'unproven')", name="realm"),
        CheckConstraint("confirmed_person_id IS NULL OR confirmed_person_id <> paired_person_id", name="four_eyes"),
        CheckConstraint(
            "state <> 'confirmed' OR (confirmed_by IS NOT NULL AND confirmed_person_id IS NOT NULL"
            " AND confirmed_at IS NOT NULL)",
            name="confirmed_by_somebody",
        ),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(HexBytes(KEY_BYTES), unique=True)
    origin: Mapped[str] = mapped_column(String(ORIGIN_CHARS))
    realm: Mapped[str] = mapped_column(String(16))
    outlet_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("outlet.id"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS))
    state: Mapped[str] = mapped_column(String(16))
    paired_by: Mapped[str] = mapped_column(String(64))
    paired_person_id: Mapped[str] = mapped_column(String(64))
    paired_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[str | None] = mapped_column(String(64))
    confirmed_person_id: Mapped[str | None] = mapped_column(String(64))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AgentSession(Base):
    """A conversation with the card in one agent's reader, from one reset on. Its name is never used again."""

    __tablename__ = "agent_session"
    __table_args__ = (
        CheckConstraint("purpose IN ('job', 'proof')", name="purpose"),
        CheckConstraint("(purpose = 'job') = (job_kind IS NOT NULL)", name="job_kind"),
        CheckConstraint("job_id IS NULL OR purpose = 'job'", name="job"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(36), ForeignKey("reader_agent.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    job_kind: Mapped[str | None] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("reader_job.id"))
    actor_id: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AgentStep(Base):
    """A step as it was signed, by its digest: an answer to anything else does not verify. Each is answered once."""

    __tablename__ = "agent_step"
    __table_args__ = (
        CheckConstraint("step > 0", name="step"),
        CheckConstraint("(answered_at IS NULL) = (answer_digest IS NULL)", name="answered"),
    )

    session_id: Mapped[str] = mapped_column(String(64), ForeignKey("agent_session.id"), primary_key=True)
    step: Mapped[int] = mapped_column(Integer, primary_key=True)
    digest: Mapped[bytes] = mapped_column(HexBytes(DIGEST_BYTES))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_digest: Mapped[bytes | None] = mapped_column(HexBytes(DIGEST_BYTES))
