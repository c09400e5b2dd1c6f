"""Outlets, tills, slip counters, staff members with their roles, and login sessions."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, UtcDateTime

LOGIN_CHARS = 32
NAME_CHARS = 64


class Outlet(Base):
    """A service point where residents meet clerks."""

    __tablename__ = "outlet"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS), unique=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Till(Base):
    """A cash drawer of an outlet; its money is the ledger account `till:<id>`."""

    __tablename__ = "till"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    outlet_id: Mapped[str] = mapped_column(ForeignKey("outlet.id"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SlipCounter(Base):
    """The last slip of an outlet. It counts in the transaction that books the money, so slips have no gaps."""

    __tablename__ = "slip_counter"

    outlet_id: Mapped[str] = mapped_column(String(32), ForeignKey("outlet.id"), primary_key=True)
    last_serial: Mapped[int] = mapped_column(BigInteger)


class StaffMember(Base):
    """A login of somebody who works here.

    `person_id` names the human behind it (personnel number or a resident's id): two logins of one human carry the same, and that is
    what four eyes compare. The password is an argon2id hash, the TOTP secret is encrypted with this row's id as its address, the
    one-time token is kept as SHA-256. Counting and locking live here and not in a worker's memory, so that no guesser gets a fresh
    count by reaching another worker.
    """

    __tablename__ = "staff_member"
    __table_args__ = (CheckConstraint("failed_count >= 0", name="failed_count"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    login: Mapped[str] = mapped_column(String(LOGIN_CHARS), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS))
    person_id: Mapped[str] = mapped_column(String(64), index=True)
    outlet_id: Mapped[str | None] = mapped_column(ForeignKey("outlet.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(256))
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    one_time_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    one_time_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"StaffMember({self.id!r}, login={self.login!r})"


class StaffRole(Base):
    """A role that a staff member holds."""

    __tablename__ = "staff_role"

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)


class StaffSession(Base):
    """A login session, known by the SHA-256 of its token; the token itself is nowhere on the server."""

    __tablename__ = "staff_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id"), index=True)
    workstation: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    totp_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"StaffSession(staff_id={self.staff_id!r})"
