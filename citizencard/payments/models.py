"""Payments as the city asked for them, each try with its idempotency key, refunds, the inbox of reports, and what a person must see.

Every row that stands for a request to the provider is committed before the request leaves, with the key that it will bear.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, Json, UtcDateTime

OPEN_ATTEMPT: Final = "state <> 'done'"


class Purpose(StrEnum):
    """What a payment is for."""

    BILL = "bill"
    TOP_UP = "top_up"


class OrderState(StrEnum):
    """Where a payment stands, in the city's words."""

    CREATED = "created"  # written down; the provider has not confirmed that it knows of it
    WAITING = "waiting"  # the resident chooses how to pay
    ACTION = "action"  # the resident goes to `next_url`
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    FAILED = "failed"  # the provider did not take it
    MISMATCH = "mismatch"  # money came, but not what was asked for: a person decides


FINAL: Final = frozenset({OrderState.SUCCEEDED, OrderState.CANCELED, OrderState.FAILED, OrderState.MISMATCH})


class Act(StrEnum):
    """What the provider is asked for in a try."""

    CREATE = "create"
    CONFIRM = "confirm"
    CANCEL = "cancel"


class AttemptState(StrEnum):
    """How far a try is."""

    SENT = "sent"  # on its way, or cut off by a crash
    UNKNOWN = "unknown"  # no answer that says how it ended
    DONE = "done"


class SendState(StrEnum):
    """Where a refund stands."""

    DECIDED = "decided"
    SENT = "sent"  # at least once on its way, no answer yet that says how it ended
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class FindingKind(StrEnum):
    """What about payments a person should look at."""

    AMOUNT_DIFFERS = "amount_differs"
    CURRENCY_DIFFERS = "currency_differs"
    SECOND_CHARGE = "second_charge"
    CHARGE_NOT_OURS = "charge_not_ours"
    REFUND_NOT_OURS = "refund_not_ours"
    REFUND_DIFFERS = "refund_differs"
    REFUND_REFUSED = "refund_refused"
    REFUND_FAILED = "refund_failed"


class PaymentOrder(Base):
    """A payment that somebody began here: what for, how much, and what became of it.

    `credited` is the account that the money was booked to, `charged_fen` how much; both are set once, with the transfer.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("purpose IN ('bill', 'top_up')", name="purpose"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(purpose = 'bill') = (bill_version IS NOT NULL)", name="version"),
        CheckConstraint(
            "state IN ('created', 'waiting', 'action', 'processing', 'succeeded', 'canceled', 'failed', 'mismatch')",
            name="state",
        ),
        CheckConstraint(
            "(state IN ('succeeded', 'canceled', 'failed', 'mismatch')) = (final_at IS NOT NULL)", name="final"
        ),
        CheckConstraint("state <> 'succeeded' OR charged_fen = amount_fen", name="charged"),
        CheckConstraint("(charged_fen IS NULL) = (credited IS NULL)", name="booked"),
        Index("ix_payment_state", "state", "updated_at"),
        Index("ix_payment_person_id", "person_id", "created_at"),
        Index("ix_payment_subject_id", "subject_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(32))
    bill_version: Mapped[int | None] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("person.id"))
    method: Mapped[str | None] = mapped_column(String(255))
    methods: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    provider_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    provider_state: Mapped[str | None] = mapped_column(String(32))
    next_url: Mapped[str | None] = mapped_column(String(2048))
    last_problem: Mapped[str | None] = mapped_column(String(64))
    charged_fen: Mapped[int | None] = mapped_column(BigInteger)
    credited: Mapped[str | None] = mapped_column(String(96))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    final_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"PaymentOrder({self.id}, {self.state})"


class PaymentAttempt(Base):
    """One thing that the provider is asked for once, however often it is sent: its key, and exactly what it is sent with.

    Of a payment one attempt is open at a time. Who holds the lease is asking; when the lease is over, anybody may go on.
    """

    __tablename__ = "payment_attempt"
    __table_args__ = (
        CheckConstraint("act IN ('create', 'confirm', 'cancel')", name="act"),
        CheckConstraint("state IN ('sent', 'unknown', 'done')", name="state"),
        CheckConstraint("(state = 'done') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("(lease_until IS NULL) = (lease_token IS NULL)", name="lease"),
        Index("uq_payment_attempt_open", "payment_id", unique=True,
              postgresql_where=text(OPEN_ATTEMPT), sqlite_where=text(OPEN_ATTEMPT)),
        Index("ix_payment_attempt_payment_id", "payment_id"),
        Index("ix_payment_attempt_state", "state", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[str] = mapped_column(String(32), ForeignKey("payment.id"))
    act: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(255), unique=True)
    reference: Mapped[str] = mapped_column(String(96))
    method: Mapped[str | None] = mapped_column(String(255))
    redirect: Mapped[str | None] = mapped_column(String(16))
    return_url: Mapped[str | None] = mapped_column(String(2048))
    state: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"PaymentAttempt({self.payment_id}, {self.act}, {self.state})"


class RefundOrder(Base):
    """Money of a payment that is to go back the way it came: decided by four eyes, or by itself because it was never ours.

    `charge_id` is the provider's payment that it goes back on. `booked_at`: the provider has taken it from our balance. `key` is that of
    the present try; a refund that is certain not to have been carried out gets a new one.
    """

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("n > 0", name="n"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("state IN ('decided', 'sent', 'pending', 'succeeded', 'failed')", name="state"),
        CheckConstraint("(lease_until IS NULL) = (lease_token IS NULL)", name="lease"),
        UniqueConstraint("payment_id", "n"),
        Index("ix_refund_state", "state", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    payment_id: Mapped[str] = mapped_column(String(32), ForeignKey("payment.id"))
    n: Mapped[int] = mapped_column(BigInteger)
    charge_id: Mapped[str] = mapped_column(String(255))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[str] = mapped_column(String(32))
    approval_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("approval.id"), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(255), unique=True)
    provider_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    provider_state: Mapped[str | None] = mapped_column(String(32))
    last_problem: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    key_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    booked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"RefundOrder({self.id}, {self.state})"


class WebhookEvent(Base):
    """A report of the provider, believed and kept before it is acted on. Of the object only state, amounts and names are kept.

    `money_reference` names the transfer that this report brought into the books, so that no second report can do the same.
    """

    __tablename__ = "webhook_event"
    __table_args__ = (
        CheckConstraint("outcome IS NULL OR outcome IN ('booked', 'noted', 'duplicate', 'ignored')", name="outcome"),
        CheckConstraint("(handled_at IS NULL) = (outcome IS NULL)", name="handled"),
        Index("ix_webhook_event_handled_at", "handled_at", "received_at"),
        Index("ix_webhook_event_change", "change"),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(255))
    object_id: Mapped[str] = mapped_column(String(255))
    change: Mapped[str] = mapped_column(String(512))
    live: Mapped[bool] = mapped_column(Boolean)
    seen: Mapped[dict[str, Any]] = mapped_column(Json)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(16))
    money_reference: Mapped[str | None] = mapped_column(String(300), unique=True)

    def __repr__(self) -> str:
        return f"WebhookEvent({self.id}, {self.type})"


class PaymentFinding(Base):
    """Something about a payment that a person should look at; once for each kind and object of the provider."""

    __tablename__ = "payment_finding"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('amount_differs', 'currency_differs', 'second_charge', 'charge_not_ours', 'refund_not_ours',"
            " 'refund_differs', 'refund_refused', 'refund_failed')",
            name="kind",
        ),
        UniqueConstraint("kind", "object_id"),
        Index("ix_payment_finding_payment_id", "payment_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(255))
    payment_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("payment.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
