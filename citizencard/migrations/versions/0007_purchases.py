"""Uploaded batches, taps and findings."""

revision = "0007_purchases"
down_revision = "0006_loads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
