"""Payments through the provider, refunds, and the inbox of its reports."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0013_payments"
down_revision = "0012_billing"
branch_labels = None
depends_on = None

OPEN_ATTEMPT = "state <> 'done'"
FINDINGS = (
    "kind IN ('amount_differs', 'currency_differs', 'second_charge', 'charge_not_ours', 'refund_not_ours',"
    " 'refund_differs', 'refund_refused', 'refund_failed')"
)


def upgrade() -> None:
    """Make the five tables."""
    op.create_table(
        "payment",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.String(32), nullable=False),
        sa.Column("bill_version", sa.BigInteger),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("person.id")),
        sa.Column("method", sa.String(255)),
        sa.Column("methods", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("provider_id", sa.String(255), unique=True),
        sa.Column("provider_state", sa.String(32)),
        sa.Column("next_url", sa.String(2048)),
        sa.Column("last_problem", sa.String(64)),
        sa.Column("charged_fen", sa.BigInteger),
        sa.Column("credited", sa.String(96)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("final_at", UtcDateTime),
        sa.CheckConstraint("purpose IN ('bill', 'top_up')", name="purpose"),
        sa.CheckConstraint("amount_fen > 0", name="amount"),
        sa.CheckConstraint("(purpose = 'bill') = (bill_version IS NOT NULL)", name="version"),
        sa.CheckConstraint(
            "state IN ('created', 'waiting', 'action', 'processing', 'succeeded', 'canceled', 'failed', 'mismatch')",
            name="state",
        ),
        sa.CheckConstraint(
            "(state IN ('succeeded', 'canceled', 'failed', 'mismatch')) = (final_at IS NOT NULL)", name="final"
        ),
        sa.CheckConstraint("state <> 'succeeded' OR charged_fen = amount_fen", name="charged"),
        sa.CheckConstraint("(charged_fen IS NULL) = (credited IS NULL)", name="booked"),
    )
    op.create_index("ix_payment_state", "payment", ["state", "updated_at"])
    op.create_index("ix_payment_person_id", "payment", ["person_id", "created_at"])
    op.create_index("ix_payment_subject_id", "payment", ["subject_id"])
    op.create_table(
        "payment_attempt",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("payment_id", sa.String(32), sa.ForeignKey("payment.id"), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("key", sa.String(255), nullable=False, unique=True),
        sa.Column("reference", sa.String(96), nullable=False),
        sa.Column("method", sa.String(255)),
        sa.Column("redirect", sa.String(16)),
        sa.Column("return_url", sa.String(2048)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(64)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("tried_at", UtcDateTime, nullable=False),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("ended_at", UtcDateTime),
        sa.CheckConstraint("act IN ('create', 'confirm', 'cancel')", name="act"),
        sa.CheckConstraint("state IN ('sent', 'unknown', 'done')", name="state"),
        sa.CheckConstraint("(state = 'done') = (ended_at IS NOT NULL)", name="ended"),
        sa.CheckConstraint("(lease_until IS NULL) = (lease_token IS NULL)", name="lease"),
    )
    op.create_index(
        "uq_payment_attempt_open",
        "payment_attempt",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text(OPEN_ATTEMPT),
        sqlite_where=sa.text(OPEN_ATTEMPT),
    )
    op.create_index("ix_payment_attempt_payment_id", "payment_attempt", ["payment_id"])
    op.create_index("ix_payment_attempt_state", "payment_attempt", ["state", "id"])
    op.create_table(
        "refund",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("payment_id", sa.String(32), sa.ForeignKey("payment.id"), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("charge_id", sa.String(255), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("approval_id", sa.String(32), sa.ForeignKey("approval.id"), unique=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("key", sa.String(255), nullable=False, unique=True),
        sa.Column("provider_id", sa.String(255), unique=True),
        sa.Column("provider_state", sa.String(32)),
        sa.Column("last_problem", sa.String(64)),
        sa.Column("decided_at", UtcDateTime, nullable=False),
        sa.Column("key_used_at", UtcDateTime),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("booked_at", UtcDateTime),
        sa.Column("failed_at", UtcDateTime),
        sa.CheckConstraint("n > 0", name="n"),
        sa.CheckConstraint("amount_fen > 0", name="amount"),
        sa.CheckConstraint("state IN ('decided', 'sent', 'pending', 'succeeded', 'failed')", name="state"),
        sa.CheckConstraint("(lease_until IS NULL) = (lease_token IS NULL)", name="lease"),
        sa.UniqueConstraint("payment_id", "n"),
    )
    op.create_index("ix_refund_state", "refund", ["state", "id"])
    op.create_table(
        "webhook_event",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("object_id", sa.String(255), nullable=False),
        sa.Column("change", sa.String(512), nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("seen", Json, nullable=False),
        sa.Column("body_hash", sa.LargeBinary, nullable=False),
        sa.Column("happened_at", UtcDateTime, nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("handled_at", UtcDateTime),
        sa.Column("outcome", sa.String(16)),
        sa.Column("money_reference", sa.String(300), unique=True),
        sa.CheckConstraint("outcome IS NULL OR outcome IN ('booked', 'noted', 'duplicate', 'ignored')", name="outcome"),
        sa.CheckConstraint("(handled_at IS NULL) = (outcome IS NULL)", name="handled"),
    )
    op.create_index("ix_webhook_event_handled_at", "webhook_event", ["handled_at", "received_at"])
    op.create_index("ix_webhook_event_change", "webhook_event", ["change"])
    op.create_table(
        "payment_finding",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("object_id", sa.String(255), nullable=False),
        sa.Column("payment_id", sa.String(32), sa.ForeignKey("payment.id")),
        sa.Column("detail", Json, nullable=False),
        sa.Column("found_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(FINDINGS, name="kind"),
        sa.UniqueConstraint("kind", "object_id"),
    )
    op.create_index("ix_payment_finding_payment_id", "payment_finding", ["payment_id"])
    append_only(op, "payment_finding")


def downgrade() -> None:
    """Drop them."""
    changeable_again(op, "payment_finding")
    op.drop_table("payment_finding")
    op.drop_table("webhook_event")
    op.drop_table("refund")
    op.drop_table("payment_attempt")
    op.drop_table("payment")
