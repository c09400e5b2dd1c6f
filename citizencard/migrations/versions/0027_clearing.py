"""What is found when taps are cleared, and what is set aside."""

revision = "0027_clearing"
down_revision = "0026_upload_limits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""


def downgrade() -> None:
    """Remove them, in the opposite order."""
