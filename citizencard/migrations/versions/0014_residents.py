"""Residents of the portal, their sessions and challenges."""

revision = "0014_residents"
down_revision = "0013_payments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
