"""What people decide about findings."""

revision = "0028_decisions"
down_revision = "0027_clearing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""


def downgrade() -> None:
    """Remove them, in the opposite order."""
