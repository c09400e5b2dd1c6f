"""Audit, staff, outlets, approvals and idempotency keys."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0002_staff"
down_revision = "0001_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _audit()
    _staff()
    _approvals()
    _idempotency()


def downgrade() -> None:
    changeable_again(op, "audit_entry")
    for table in (
        "idempotency_key",
        "approval",
        "staff_session",
        "staff_role",
        "staff_member",
        "till",
        "outlet",
        "audit_entry",
    ):
        op.drop_table(table)


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64)),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("workstation", sa.String(64), nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(96), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("before_hash", sa.LargeBinary),
        sa.Column("after_hash", sa.LargeBinary),
        sa.Column("request_id", sa.String(64), nullable=False),
    )
    op.create_index("ix_audit_entry_actor_id", "audit_entry", ["actor_id"])
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject"])
    append_only(op, "audit_entry")


def _staff() -> None:
    op.create_table(
        "outlet",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("closed_at", UtcDateTime),
    )
    op.create_table(
        "till",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("outlet_id", sa.String(32), sa.ForeignKey("outlet.id"), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("closed_at", UtcDateTime),
    )
    op.create_index("ix_till_outlet_id", "till", ["outlet_id"])
    op.create_table(
        "staff_member",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("login", sa.String(32), nullable=False, unique=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("outlet_id", sa.String(32), sa.ForeignKey("outlet.id")),
        sa.Column("password_hash", sa.String(256)),
        sa.Column("totp_secret", sa.LargeBinary),
        sa.Column("totp_step", sa.BigInteger, nullable=False),
        sa.Column("failed_count", sa.Integer, nullable=False),
        sa.Column("locked_until", UtcDateTime),
        sa.Column("one_time_hash", sa.LargeBinary, unique=True),
        sa.Column("one_time_expires_at", UtcDateTime),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("disabled_at", UtcDateTime),
        sa.CheckConstraint("failed_count >= 0", name="failed_count"),
    )
    op.create_index("ix_staff_member_person_id", "staff_member", ["person_id"])
    op.create_index("ix_staff_member_outlet_id", "staff_member", ["outlet_id"])
    op.create_table(
        "staff_role",
        sa.Column("staff_id", sa.String(32), sa.ForeignKey("staff_member.id"), primary_key=True),
        sa.Column("role", sa.String(32), primary_key=True),
    )
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column("staff_id", sa.String(32), sa.ForeignKey("staff_member.id"), nullable=False),
        sa.Column("workstation", sa.String(64), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("totp_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
    )
    op.create_index("ix_staff_session_staff_id", "staff_session", ["staff_id"])


def _approvals() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(96), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("payload_hash", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("maker_id", sa.String(64), nullable=False),
        sa.Column("maker_person_id", sa.String(64), nullable=False),
        sa.Column("checker_id", sa.String(64)),
        sa.Column("checker_person_id", sa.String(64)),
        sa.Column("proposed_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("executed_at", UtcDateTime),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'declined', 'executed')", name="state"),
        sa.CheckConstraint("checker_person_id IS NULL OR checker_person_id <> maker_person_id", name="four_eyes"),
        sa.CheckConstraint(
            "state = 'proposed' OR (checker_id IS NOT NULL AND decided_at IS NOT NULL)", name="decided_by_somebody"
        ),
    )
    op.create_index("ix_approval_subject", "approval", ["subject"])
    op.create_index("ix_approval_state", "approval", ["state"])


def _idempotency() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("scope", sa.String(200), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", Json),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("scope", "key"),
        sa.CheckConstraint("(status IS NULL) <> (lease_until IS NULL)", name="answered_or_leased"),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])
