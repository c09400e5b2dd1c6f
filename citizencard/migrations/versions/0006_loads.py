"""Loads, their attempts and slips."""

revision = "0006_loads"
down_revision = "0005_cards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
