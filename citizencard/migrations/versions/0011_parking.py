"""Parking sessions."""

revision = "0011_parking"
down_revision = "0010_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
