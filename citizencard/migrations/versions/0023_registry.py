"""Outlets, kinds and partners of devices, heartbeats, merchants' contacts and bank accounts."""

revision = "0023_registry"
down_revision = "0022_history_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""


def downgrade() -> None:
    """Remove them, in the opposite order."""
