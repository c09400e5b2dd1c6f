"""Residents of the portal, their sessions and challenges."""

import sqlalchemy as sa
from alembic import op

from citizencard.cards.columns import HexBytes
from citizencard.db import UtcDateTime

revision = "0014_residents"
down_revision = "0013_payments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "resident",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("person.id"), nullable=False, unique=True),
        sa.Column("login", sa.String(32), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(256), nullable=False),
        sa.Column("failed_count", sa.Integer, nullable=False),
        sa.Column("locked_until", UtcDateTime),
        sa.Column("registered_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("failed_count >= 0", name="failed_count"),
    )
    op.create_table(
        "resident_session",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column("resident_id", sa.String(32), sa.ForeignKey("resident.id"), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
    )
    op.create_index("ix_resident_session_resident_id", "resident_session", ["resident_id"])
    op.create_table(
        "card_challenge",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("challenge", HexBytes(8), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("card_serial", HexBytes(10)),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.CheckConstraint("purpose IN ('register', 'reset')", name="purpose"),
        sa.CheckConstraint("used_at IS NULL OR card_serial IS NOT NULL", name="used_by_a_card"),
    )
    op.create_index("ix_card_challenge_expires_at", "card_challenge", ["expires_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("card_challenge")
    op.drop_table("resident_session")
    op.drop_table("resident")
