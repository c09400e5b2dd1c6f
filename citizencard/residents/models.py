"""Residents' logins, their sessions, and the challenges that cards answer. A login leads to ids only, never to a name."""

from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.cards.models import CARD_SERIAL_BYTES
from citizencard.db import Base, UtcDateTime

LOGIN_CHARS: Final = 32
CHALLENGE_BYTES: Final = 8


class Resident(Base):
    """A login of a person who was registered at a counter and has proved it with a card. The password is an argon2id hash.

    Counting and locking live here and not in a worker's memory, so that no guesser gets a fresh count by reaching another worker.
    """

    __tablename__ = "resident"
    __table_args__ = (CheckConstraint("failed_count >= 0", name="failed_count"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), ForeignKey("person.id"), unique=True)
    login: Mapped[str] = mapped_column(String(LOGIN_CHARS), unique=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    failed_count: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Resident({self.id!r})"


class ResidentSession(Base):
    """A session, known by the SHA-256 of its token; the token itself is nowhere on the server."""

    __tablename__ = "resident_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    resident_id: Mapped[str] = mapped_column(String(32), ForeignKey("resident.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"ResidentSession(resident_id={self.resident_id!r})"


class CardChallenge(Base):
    """Eight random bytes that a card is to sign, once. `card_serial` is the card that may answer; empty until one has, if any may."""

    __tablename__ = "card_challenge"
    __table_args__ = (
        CheckConstraint("purpose IN ('register', 'reset')", name="purpose"),
        CheckConstraint("used_at IS NULL OR card_serial IS NOT NULL", name="used_by_a_card"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    challenge: Mapped[bytes] = mapped_column(HexBytes(CHALLENGE_BYTES))
    purpose: Mapped[str] = mapped_column(String(16))
    card_serial: Mapped[bytes | None] = mapped_column(HexBytes(CARD_SERIAL_BYTES))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"CardChallenge({self.id!r})"
