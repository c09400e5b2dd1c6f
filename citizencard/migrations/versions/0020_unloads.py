"""Unloads of a chip's purse: money that leaves the chip for its holder."""

revision = "0020_unloads"
down_revision = "0019_key_custody"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
