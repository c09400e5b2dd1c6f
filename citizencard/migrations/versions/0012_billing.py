"""Utility bills, imports and receipts."""

revision = "0012_billing"
down_revision = "0011_parking"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
