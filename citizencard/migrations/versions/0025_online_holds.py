"""Holds on on-line accounts and their settlements, and loads at kiosks."""

revision = "0025_online_holds"
down_revision = "0024_device_lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""


def downgrade() -> None:
    """Remove them, in the opposite order."""
