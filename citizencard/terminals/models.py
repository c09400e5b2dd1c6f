"""Security modules, terminals, their bindings, keys, codes, nonces and acknowledgements, and how devices say they are."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.db import Base, BigId, UtcDateTime

PSAM_SERIAL_BYTES: Final = 10
TERMINAL_NUMBER_BYTES: Final = 6
PUBLIC_KEY_BYTES: Final = 32
MAX_NONCE_CHARACTERS: Final = 88
MAX_SOFTWARE_CHARACTERS: Final = 64
MAX_FAULTS_CHARACTERS: Final = 200
MAX_REASON_CHARACTERS: Final = 200


class TerminalKind(StrEnum):
    """What a device is for. Gates of a pair name each other as partners; a collector carries the files of others."""

    BUS_VALIDATOR = "bus_validator"
    METRO_GATE = "metro_gate"
    PARKING_ENTRY = "parking_entry"
    PARKING_EXIT = "parking_exit"
    TAXI = "taxi"
    FUEL_PUMP = "fuel_pump"
    POS = "pos"
    KIOSK = "kiosk"
    COLLECTOR = "collector"


_KINDS: Final = ", ".join(f"'{kind}'" for kind in TerminalKind)


class TerminalState(StrEnum):
    """Whether a terminal may speak to us. Its records are facts all the same: another may carry them."""

    ACTIVE = "active"
    DISABLED = "disabled"


class AcknowledgedKind(StrEnum):
    """What a terminal fetches and then works with."""

    PARAMETERS = "parameters"
    HOTLIST = "hotlist"
    ISSUERS = "issuers"


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
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    last_batch: Mapped[int] = mapped_column(BigId)
    software: Mapped[str] = mapped_column(String(64))
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(16))
    outlet_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("merchant_outlet.id"), index=True)
    partner_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("terminal.id"))

    def __repr__(self) -> str:
        return f"Terminal({self.id}, {self.kind}, {self.state})"


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
    """A device's public key. A retired key still tells which records its device signed. A rotated one names the one before."""

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
    rotated_from_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("terminal_key.id"))


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
        CheckConstraint("kind IN ('parameters', 'hotlist', 'issuers')", name="kind"),
        Index("ix_terminal_acknowledgement_terminal_id_kind_acknowledged_at", "terminal_id", "kind", "acknowledged_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    kind: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(BigId)
    acknowledged_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TerminalHeartbeat(Base):
    """What a device said of itself last: one row a device, for those who look after it. Nobody is paid or refused by it."""

    __tablename__ = "terminal_heartbeat"
    __table_args__ = (
        CheckConstraint(
            "parameter_version >= 0 AND hotlist_version >= 0 AND records_waiting >= 0 AND free_kb >= 0", name="counts"
        ),
    )

    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    software: Mapped[str] = mapped_column(String(MAX_SOFTWARE_CHARACTERS))
    parameter_version: Mapped[int] = mapped_column(BigInteger)
    hotlist_version: Mapped[int] = mapped_column(BigInteger)
    records_waiting: Mapped[int] = mapped_column(BigInteger)
    oldest_waiting_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    clock_offset_s: Mapped[int] = mapped_column(BigInteger)
    free_kb: Mapped[int] = mapped_column(BigInteger)
    faults: Mapped[str] = mapped_column(String(MAX_FAULTS_CHARACTERS))


class TerminalStateChange(Base):
    """Who let a terminal speak, or no longer, when and why. Disabling takes one person, enabling four eyes."""

    __tablename__ = "terminal_state_change"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'disabled')", name="state"),
        CheckConstraint("(state = 'active') = (approval_id IS NOT NULL)", name="four_eyes"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(MAX_REASON_CHARACTERS))
    changed_by: Mapped[str] = mapped_column(String(64))
    approval_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TerminalSoftware(Base):
    """The software that devices of a kind shall run from now on; the newest row of a kind is the one that counts."""

    __tablename__ = "terminal_software"
    __table_args__ = (CheckConstraint(f"kind IN ({_KINDS})", name="kind"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    software: Mapped[str] = mapped_column(String(MAX_SOFTWARE_CHARACTERS))
    set_by: Mapped[str] = mapped_column(String(64))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
