"""What waits for a second person or for its place: proposed tariffs, and modules that were made for a device and are not bound yet."""

import sqlalchemy as sa
from alembic import op

from citizencard.cards.columns import HexBytes
from citizencard.db import BigId, Json, UtcDateTime

revision = "0009_proposals"
down_revision = "0008_settlement"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "tariff_draft",
        sa.Column("approval_id", sa.String(32), sa.ForeignKey("approval.id"), primary_key=True),
        sa.Column("version", BigId, nullable=False, unique=True),
        sa.Column("document", Json, nullable=False),
        sa.Column("proposed_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "terminal_fitting",
        sa.Column("terminal_number", HexBytes(6), primary_key=True),
        sa.Column("terminal_id", sa.String(32), sa.ForeignKey("terminal.id"), nullable=False),
        sa.Column("psam_order_id", sa.String(32), sa.ForeignKey("psam_order.id"), nullable=False, unique=True),
        sa.Column("fitted_at", UtcDateTime, nullable=False),
    )
    op.create_index(op.f("ix_terminal_fitting_terminal_id"), "terminal_fitting", ["terminal_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("terminal_fitting")
    op.drop_table("tariff_draft")
