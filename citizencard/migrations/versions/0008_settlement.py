"""Net positions and custody certificates."""

revision = "0008_settlement"
down_revision = "0007_purchases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
