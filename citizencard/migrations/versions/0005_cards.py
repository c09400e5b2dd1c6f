"""Card stock, cards, hotlist and reader jobs."""

revision = "0005_cards"
down_revision = "0004_registry"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
