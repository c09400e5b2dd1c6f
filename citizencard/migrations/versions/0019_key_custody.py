"""What is kept about keys besides the vault: the journal of keys, the way of each PSAM, the version of a PSAM's keys."""

import sqlalchemy as sa
from alembic import op

from citizencard.cards.columns import HexBytes
from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0019_key_custody"
down_revision = "0018_audit_seals"
branch_labels = None
depends_on = None

ACTS = "act IN ('ceremony', 'import', 'export', 'generate', 'activate', 'retiring', 'retire', 'destroy', 'shares', 'recover')"
MOVES = "act IN ('received', 'stored', 'issued', 'returned', 'lost', 'destroyed')"


def upgrade() -> None:
    """Make the tables, and note the one version that every PSAM has had so far."""
    op.create_table(
        "key_journal",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("check_value", sa.String(6), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("realm", sa.String(16), nullable=False),
        sa.Column("verify_until", sa.Date),
        sa.Column("transfer_id", sa.String(32), unique=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("people", Json, nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("record_hash", HexBytes(32)),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(ACTS, name="act"),
        sa.CheckConstraint("realm IN ('test', 'production')", name="realm"),
        sa.CheckConstraint("transfer_id IS NULL OR act = 'import'", name="transfer"),
        sa.CheckConstraint("verify_until IS NULL OR act = 'retiring'", name="verify_until"),
    )
    op.create_index("ix_key_journal_key_id", "key_journal", ["key_id", "id"])
    append_only(op, "key_journal")
    op.create_table(
        "psam_movement",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("psam_serial", HexBytes(10), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("holds", Json, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("staff_id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("witness_person_id", sa.String(64)),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(MOVES, name="act"),
        sa.CheckConstraint("act <> 'destroyed' OR witness_person_id IS NOT NULL", name="witness"),
        sa.CheckConstraint("witness_person_id IS NULL OR witness_person_id <> person_id", name="four_eyes"),
    )
    op.create_index("ix_psam_movement_psam_serial", "psam_movement", ["psam_serial", "id"])
    append_only(op, "psam_movement")
    op.add_column("psam_order", sa.Column("key_version", sa.SmallInteger))
    op.execute("UPDATE psam_order SET key_version = 1 WHERE chip_serial IS NOT NULL")
    op.create_index("ix_card_key_version", "card", ["key_version", "serial"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_card_key_version", "card")
    op.drop_column("psam_order", "key_version")
    changeable_again(op, "psam_movement")
    op.drop_table("psam_movement")
    changeable_again(op, "key_journal")
    op.drop_table("key_journal")
