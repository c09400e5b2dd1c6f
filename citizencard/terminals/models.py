"""Security modules, terminals, their bindings, keys, codes, nonces and acknowledgements."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.db import Base, BigId, UtcDateTime

PSAM_SERIAL_BYTES: Final = 10
TERMINAL_NUMBER_BYTES: Final = 6
PUBLIC_KEY_BYTES: Final = 32
MAX_NONCE_CHARACTERS: Final = 88


class TerminalState(StrEnum):
    """Whether a terminal may speak to us. Its records are facts all the same: another may carry them."""

    ACTIVE = "active"
    DISABLED = "disabled"


class AcknowledgedKind(StrEnum):
    """What a terminal fetches and then works with."""

    PARAMETERS = "parameters"
    HOTLIST = "hotlist"


class Psam(Base):
    """A security module and the terminal number in it. The unique number is never issued to another module."""

    __tablename__ = "psam"

    serial: Mapped[bytes] = mapped_column(HexBytes(PSAM_SERIAL_BYTES), primary_key=True)
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES), unique=True)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Terminal(Base):
    """A device: a bus validator, a gate, a till."""

    __tablename__ = "terminal"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'disabled')", name="state"),
        CheckConstraint("last_batch >= 0", name="last_batch"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    last_batch: Mapped[int] = mapped_column(BigId)
    software: Mapped[str] = mapped_column(String(64))
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Terminal({self.id}, {self.state})"


class TerminalBinding(Base):
    """Which module sits in which terminal, for which merchant and line, from when until when: the payee of each tap.

    Whole seconds, from `valid_from` on and before `valid_to`; an open end is none.
    """

    __tablename__ = "terminal_binding"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="order"),
        Index("uq_terminal_binding_open_terminal", "terminal_id", unique=True,
              postgresql_where=text("valid_to IS NULL"), sqlite_where=text("valid_to IS NULL")),
        Index("uq_terminal_binding_open_psam", "terminal_number", unique=True,
              postgresql_where=text("valid_to IS NULL"), sqlite_where=text("valid_to IS NULL")),
        Index("ix_terminal_binding_terminal_number_valid_from", "terminal_number", "valid_from"),
        Index("ix_terminal_binding_terminal_id_valid_from", "terminal_id", "valid_from"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    psam_serial: Mapped[bytes] = mapped_column(HexBytes(PSAM_SERIAL_BYTES), ForeignKey("psam.serial"))
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES))
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"))
    line: Mapped[int | None] = mapped_column(Integer, ForeignKey("line.number"))
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approval_id: Mapped[str] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)
    end_approval_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TerminalKey(Base):
    """A device's public key. A retired key still tells which records its device signed."""

    __tablename__ = "terminal_key"
    __table_args__ = (
        Index("uq_terminal_key_current", "terminal_id", unique=True,
              postgresql_where=text("retired_at IS NULL"), sqlite_where=text("retired_at IS NULL")),
        Index("ix_terminal_key_terminal_id", "terminal_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    public_key: Mapped[bytes] = mapped_column(HexBytes(PUBLIC_KEY_BYTES), unique=True)
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EnrolmentCode(Base):
    """A one-time code by which a device brings its key; only the hash is kept."""

    __tablename__ = "enrolment_code"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TerminalNonce(Base):
    """A nonce that a signed request has used; kept ten minutes."""

    __tablename__ = "terminal_nonce"

    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(MAX_NONCE_CHARACTERS), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class TerminalAcknowledgement(Base):
    """A version of the parameters or the hotlist that a terminal has taken. It decides who bears a tap on a lost card."""

    __tablename__ = "terminal_acknowledgement"
    __table_args__ = (
        CheckConstraint("kind IN ('parameters', 'hotlist')", name="kind"),
        Index("ix_terminal_acknowledgement_terminal_id_kind_acknowledged_at", "terminal_id", "kind", "acknowledged_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    kind: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(BigId)
    acknowledged_at: Mapped[datetime] = mapped_column(UtcDateTime)
