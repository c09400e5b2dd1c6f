"""Merchants, lines, terminals, PSAMs and tariff versions."""

revision = "0004_registry"
down_revision = "0003_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
