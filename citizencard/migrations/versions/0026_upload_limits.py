"""What is kept of uploads beside verdicts: limits on bad TACs, and their release."""

revision = "0026_upload_limits"
down_revision = "0025_online_holds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""


def downgrade() -> None:
    """Remove them, in the opposite order."""
