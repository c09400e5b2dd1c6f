"""Merchants, their lines, outlets, contacts and bank accounts, and what they are to be told."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, UtcDateTime

MAX_LINE_NUMBER: Final = 65_535
"""The transfer anchor on the card has two bytes for the line."""
MAX_BASE_FARE_FEN: Final = 100_000
"""No ride costs more than a chip may hold."""
MAX_NAME_CHARACTERS: Final = 120
MAX_ADDRESS_CHARACTERS: Final = 200
MAX_OPENING_HOURS_CHARACTERS: Final = 120
MAX_REASON_CHARACTERS: Final = 200


class MerchantKind(StrEnum):
    """What a merchant sells; it decides which checks a tap must pass."""

    BUS = "bus"
    PARKING = "parking"
    UTILITY = "utility"
    SHOP = "shop"
    METRO = "metro"
    TAXI = "taxi"
    FUEL = "fuel"


class Merchant(Base):
    """Somebody who is paid with cards. Its money is in the ledger, under accounts named by its id."""

    __tablename__ = "merchant"
    __table_args__ = (
        CheckConstraint("kind IN ('bus', 'parking', 'utility', 'shop', 'metro', 'taxi', 'fuel')", name="kind"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_CHARACTERS))
    kind: Mapped[str] = mapped_column(String(16))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Merchant({self.id}, {self.kind})"


class Line(Base):
    """A line of a merchant. Its base fare is what a subsidy is reckoned from, whatever a record claims."""

    __tablename__ = "line"
    __table_args__ = (
        CheckConstraint(f"number BETWEEN 1 AND {MAX_LINE_NUMBER}", name="number"),
        CheckConstraint(f"base_fare_fen BETWEEN 0 AND {MAX_BASE_FARE_FEN}", name="base_fare"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_CHARACTERS))
    base_fare_fen: Mapped[int] = mapped_column(Integer)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Line({self.number}, {self.merchant_id}, {self.base_fare_fen} fen)"


class MerchantOutlet(Base):
    """Where a merchant does business: a depot, a station, a lot, a shop. Devices stand at it; money does not care."""

    __tablename__ = "merchant_outlet"
    __table_args__ = (UniqueConstraint("merchant_id", "name"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"))
    name: Mapped[str] = mapped_column(String(MAX_NAME_CHARACTERS))
    address: Mapped[str] = mapped_column(String(MAX_ADDRESS_CHARACTERS))
    opening_hours: Mapped[str] = mapped_column(String(MAX_OPENING_HOURS_CHARACTERS))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"MerchantOutlet({self.id}, {self.merchant_id})"


class MerchantContact(Base):
    """Whom a merchant is told things through: name and phone, encrypted with their place. One is current; the others were."""

    __tablename__ = "merchant_contact"
    __table_args__ = (
        Index("uq_merchant_contact_current", "merchant_id", unique=True,
              postgresql_where=text("replaced_at IS NULL"), sqlite_where=text("replaced_at IS NULL")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"))
    name: Mapped[bytes] = mapped_column(LargeBinary)
    phone: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"MerchantContact({self.id}, {self.merchant_id})"


class MerchantBankAccount(Base):
    """Where a merchant's money goes from `effective_from` on: holder and number encrypted with their place, the last four digits in clear.

    Proposed without `effective_from`; approved with it, three days ahead; taken back (`ended_at`) only before it has come.
    """

    __tablename__ = "merchant_bank_account"
    __table_args__ = (
        CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (end_reason IS NULL)", name="ended"
        ),
        CheckConstraint("superseded_by IS NULL OR ended_at IS NOT NULL", name="superseded"),
        CheckConstraint("ended_at IS NULL OR effective_from IS NULL OR ended_at < effective_from", name="never_undone"),
        Index("ix_merchant_bank_account_merchant_id_effective_from", "merchant_id", "effective_from"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"))
    holder: Mapped[bytes] = mapped_column(LargeBinary)
    bank: Mapped[str] = mapped_column(String(MAX_NAME_CHARACTERS))
    number: Mapped[bytes] = mapped_column(LargeBinary)
    last4: Mapped[str] = mapped_column(String(4))
    approval_id: Mapped[str] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    effective_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(64))
    end_reason: Mapped[str | None] = mapped_column(String(MAX_REASON_CHARACTERS))
    superseded_by: Mapped[str | None] = mapped_column(String(32), ForeignKey("merchant_bank_account.id"))

    def __repr__(self) -> str:
        return f"MerchantBankAccount({self.id}, {self.merchant_id}, ····{self.last4})"


class NoticeKind(StrEnum):
    """What a merchant is told: its money will go elsewhere; it will not after all; somebody else is the contact now."""

    BANK_ACCOUNT_CHANGES = "bank_account_changes"
    BANK_ACCOUNT_STAYS = "bank_account_stays"
    CONTACT_CHANGED = "contact_changed"


class MerchantNotice(Base):
    """Something that a contact is to be told. Made with the change itself; sent when somebody or something says that it was."""

    __tablename__ = "merchant_notice"
    __table_args__ = (
        CheckConstraint("kind IN ('bank_account_changes', 'bank_account_stays', 'contact_changed')", name="kind"),
        CheckConstraint("(sent_at IS NULL) = (sent_by IS NULL) AND (sent_at IS NULL) = (way IS NULL)", name="sent"),
        UniqueConstraint("contact_id", "kind", "subject"),
        Index("ix_merchant_notice_unsent", "id",
              postgresql_where=text("sent_at IS NULL"), sqlite_where=text("sent_at IS NULL")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"), index=True)
    contact_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant_contact.id"))
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_by: Mapped[str | None] = mapped_column(String(64))
    way: Mapped[str | None] = mapped_column(String(16))
