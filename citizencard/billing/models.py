"""What a utility bills: its services, the files it sent, the bills in them, who paid which, and which households are whose."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, Json, UtcDateTime
from citizencard.merchants.models import MAX_NAME_CHARACTERS

CURRENCY: Final = "cny"
MAX_CUSTOMER_NUMBER_DIGITS: Final = 20
MAX_SERIAL_CHARACTERS: Final = 32
MAX_SOURCE_NAME_CHARACTERS: Final = 120
MAX_RULE_CHARACTERS: Final = 60
MAX_UNIT_CHARACTERS: Final = 16
LINKED: Final = "unlinked_at IS NULL"


class BillState(StrEnum):
    """Where a bill is: to be paid, paid, or taken back by the utility."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"


class Way(StrEnum):
    """How a bill was paid: from the on-line account, or by a charge through the payment service."""

    ACCOUNT = "account"
    CHARGE = "charge"


class UtilityService(Base):
    """Something that a utility bills, such as water in one district, by a rule of the tariff document."""

    __tablename__ = "utility_service"
    __table_args__ = (
        CheckConstraint("currency = 'cny'", name="currency"),
        UniqueConstraint("merchant_id", "name"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(String(32), ForeignKey("merchant.id"))
    name: Mapped[str] = mapped_column(String(MAX_NAME_CHARACTERS))
    rule: Mapped[str] = mapped_column(String(MAX_RULE_CHARACTERS))
    currency: Mapped[str] = mapped_column(String(3))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"UtilityService({self.id}, {self.rule})"


class BillImport(Base):
    """A file of bills as it was taken: what it was, what became of its lines, and each line that was refused. Rows are facts."""

    __tablename__ = "bill_import"
    __table_args__ = (
        CheckConstraint("accepted >= 0 AND duplicates >= 0 AND rejected >= 0", name="counts"),
        CheckConstraint("accepted_fen >= 0", name="accepted_fen"),
        Index("ix_bill_import_service_id", "service_id", "imported_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    service_id: Mapped[str] = mapped_column(String(32), ForeignKey("utility_service.id"))
    source_name: Mapped[str] = mapped_column(String(MAX_SOURCE_NAME_CHARACTERS))
    digest: Mapped[str] = mapped_column(String(64))
    accepted: Mapped[int] = mapped_column(Integer)
    accepted_fen: Mapped[int] = mapped_column(BigInteger)
    duplicates: Mapped[int] = mapped_column(Integer)
    rejected: Mapped[int] = mapped_column(Integer)
    rejects: Mapped[list[Any]] = mapped_column(Json)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"BillImport({self.id}, {self.accepted} accepted, {self.rejected} rejected)"


class Bill(Base):
    """A bill of a utility, named by the utility's own serial. What changes its content or opens it again raises its version."""

    __tablename__ = "bill"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'paid', 'cancelled')", name="state"),
        CheckConstraint("(state = 'paid') = (paid_by IS NOT NULL)", name="paid"),
        CheckConstraint("(paid_by IS NULL) = (paid_at IS NULL)", name="paid_at"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("quantity >= 0", name="quantity"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("period_to >= period_from", name="period"),
        UniqueConstraint("service_id", "serial"),
        Index("ix_bill_customer_number", "customer_number", "service_id", "period_to"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    service_id: Mapped[str] = mapped_column(String(32), ForeignKey("utility_service.id"))
    serial: Mapped[str] = mapped_column(String(MAX_SERIAL_CHARACTERS))
    customer_number: Mapped[str] = mapped_column(String(MAX_CUSTOMER_NUMBER_DIGITS))
    period_from: Mapped[date] = mapped_column(Date)
    period_to: Mapped[date] = mapped_column(Date)
    quantity: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str] = mapped_column(String(MAX_UNIT_CHARACTERS))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    parts: Mapped[list[Any]] = mapped_column(Json)
    due_on: Mapped[date] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer)
    tariff_version: Mapped[int] = mapped_column(BigId, ForeignKey("tariff_version.version"))
    state: Mapped[str] = mapped_column(String(16))
    paid_by: Mapped[str | None] = mapped_column(String(32))
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    import_id: Mapped[str] = mapped_column(String(32), ForeignKey("bill_import.id"))

    def __repr__(self) -> str:
        return f"Bill({self.id}, version {self.version}, {self.state})"


class BillPayment(Base):
    """A bill was paid. Rows are facts: a refund opens the bill again and leaves this row; the bill's `paid_by` says which one counts."""

    __tablename__ = "bill_payment"
    __table_args__ = (
        CheckConstraint("way IN ('account', 'charge')", name="way"),
        CheckConstraint("(way = 'account') = (account_id IS NOT NULL)", name="account"),
        CheckConstraint("amount_fen > 0", name="amount"),
        UniqueConstraint("bill_id", "bill_version"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    bill_id: Mapped[str] = mapped_column(String(32), ForeignKey("bill.id"))
    bill_version: Mapped[int] = mapped_column(Integer)
    way: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("account.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"BillPayment({self.id}, {self.way})"


class Household(Base):
    """A household (户) whose bills a resident sees and pays, from when until when. Several residents may share one."""

    __tablename__ = "household"
    __table_args__ = (
        Index("uq_household_linked", "person_id", "service_id", "customer_number", unique=True,
              postgresql_where=text(LINKED), sqlite_where=text(LINKED)),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), ForeignKey("person.id"))
    service_id: Mapped[str] = mapped_column(String(32), ForeignKey("utility_service.id"))
    customer_number: Mapped[str] = mapped_column(String(MAX_CUSTOMER_NUMBER_DIGITS))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unlinked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Household({self.id})"


class HouseholdGuard(Base):
    """How often a resident guessed wrong about a household's bills, since when, and until when nothing is tried any more."""

    __tablename__ = "household_guard"
    __table_args__ = (CheckConstraint("wrong_count >= 0", name="wrong_count"),)

    person_id: Mapped[str] = mapped_column(String(32), ForeignKey("person.id"), primary_key=True)
    wrong_count: Mapped[int] = mapped_column(Integer)
    first_wrong_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
