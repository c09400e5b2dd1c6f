"""On-line accounts, the cards that may pay from them, cash paid in, and the purchases of terminals with their verdicts."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.cards.models import CARD_SERIAL_BYTES
from citizencard.db import Base, BigId, UtcDateTime
from citizencard.terminals.models import TERMINAL_NUMBER_BYTES

LINKED: Final = "unlinked_at IS NULL"
REASONS: Final = (
    "bad_proof",
    "unknown_card",
    "card_state",
    "hotlisted",
    "clock",
    "no_account",
    "insufficient_funds",
    "account_frozen",
    "account_closed",
    "reversed_before",
    "other_event",
)
REASON_CHECK: Final = "reason IN ({})".format(", ".join(f"'{reason}'" for reason in REASONS))


class PurchaseVerdict(StrEnum):
    """The answer to a purchase, given once."""

    APPROVED = "approved"
    REFUSED = "refused"


class PurchaseReason(StrEnum):
    """Why a purchase was refused."""

    BAD_PROOF = "bad_proof"
    UNKNOWN_CARD = "unknown_card"
    CARD_STATE = "card_state"
    HOTLISTED = "hotlisted"
    CLOCK = "clock"
    NO_ACCOUNT = "no_account"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    ACCOUNT_FROZEN = "account_frozen"
    ACCOUNT_CLOSED = "account_closed"
    REVERSED_BEFORE = "reversed_before"
    OTHER_EVENT = "other_event"


class Account(Base):
    """Somebody's on-line account; its money is the ledger account `wallet:<id>`. Without a person it is unregistered (不记名)."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("person.id"), unique=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Account({self.id})"


class AccountCard(Base):
    """A card that pays from an account, from when until when; an open end is none. A card pays from one account at a time."""

    __tablename__ = "account_card"
    __table_args__ = (
        Index("uq_account_card_linked", "card_id", unique=True,
              postgresql_where=text(LINKED), sqlite_where=text(LINKED)),
        Index("ix_account_card_account_id", "account_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("account.id"))
    card_id: Mapped[str] = mapped_column(String(32), ForeignKey("card.id"))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unlinked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CashTopUp(Base):
    """Cash that was paid into an account at a counter, with its slip. Rows are facts."""

    __tablename__ = "cash_top_up"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("slip_serial > 0", name="slip"),
        UniqueConstraint("outlet_id", "slip_serial"),
        Index("ix_cash_top_up_account_id", "account_id", "paid_at"),
        Index("ix_cash_top_up_till_id", "till_id", "paid_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("account.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    till_id: Mapped[str] = mapped_column(String(32), ForeignKey("till.id"))
    outlet_id: Mapped[str] = mapped_column(String(32), ForeignKey("outlet.id"))
    slip_serial: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OnlinePurchase(Base):
    """The one row of a purchase event, named by terminal number, batch and trace: what was claimed and the first verdict, for ever.

    A reversal that arrives first makes the row instead (a tombstone: no content, refused as `reversed_before`); so does a hold, a load or
    an enquiry (`other_event`), so that a name stands for one thing. `reversed_at` of an approved purchase is set once.
    """

    __tablename__ = "online_purchase"
    __table_args__ = (
        UniqueConstraint("terminal_number", "batch", "trace"),
        CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
        CheckConstraint(REASON_CHECK, name="reason"),
        CheckConstraint("(verdict = 'approved') = (reason IS NULL)", name="refused_why"),
        CheckConstraint("verdict = 'refused' OR (account_id IS NOT NULL AND card_id IS NOT NULL)", name="paid_from"),
        CheckConstraint(
            "amount_fen > 0 AND card_serial IS NOT NULL AND happened_at IS NOT NULL AND merchant_id IS NOT NULL"
            " OR reason IN ('reversed_before', 'other_event') AND amount_fen IS NULL AND card_serial IS NULL",
            name="content",
        ),
        CheckConstraint("reversed_at IS NULL OR verdict = 'approved' OR reason = 'reversed_before'", name="reversed"),
        Index("ix_online_purchase_account_id", "account_id", "id"),
        Index("ix_online_purchase_terminal_id", "terminal_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES))
    batch: Mapped[int] = mapped_column(BigInteger)
    trace: Mapped[int] = mapped_column(BigInteger)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    merchant_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("merchant.id"))
    card_serial: Mapped[bytes | None] = mapped_column(HexBytes(CARD_SERIAL_BYTES))
    card_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("card.id"))
    account_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("account.id"))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    happened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    proof: Mapped[bytes | None] = mapped_column(HexBytes(8))
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(24))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reversed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"OnlinePurchase({self.terminal_number.hex()}.{self.batch}.{self.trace}, {self.verdict})"


class BalanceEnquiry(Base):
    """The one row of an enquiry, named by terminal number, batch and trace, with its first answer. A fact.

    A request that was recorded tells nobody anything new: sent again it gets the answer of its own day.
    """

    __tablename__ = "balance_enquiry"
    __table_args__ = (
        UniqueConstraint("terminal_number", "batch", "trace"),
        CheckConstraint("verdict IN ('answered', 'refused')", name="verdict"),
        CheckConstraint(REASON_CHECK, name="reason"),
        CheckConstraint("(verdict = 'answered') = (reason IS NULL)", name="refused_why"),
        CheckConstraint("(verdict = 'answered') = (due_fen IS NOT NULL)", name="answered"),
        CheckConstraint("(balance_fen IS NULL) = (account_id IS NULL)", name="balance"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(TERMINAL_NUMBER_BYTES))
    batch: Mapped[int] = mapped_column(BigInteger)
    trace: Mapped[int] = mapped_column(BigInteger)
    terminal_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    card_serial: Mapped[bytes] = mapped_column(HexBytes(CARD_SERIAL_BYTES))
    card_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("card.id"))
    account_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("account.id"))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(24))
    balance_fen: Mapped[int | None] = mapped_column(BigInteger)
    due_fen: Mapped[int | None] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
