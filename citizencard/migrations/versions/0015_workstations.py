"""Workstations and their reader agents."""

revision = "0015_workstations"
down_revision = "0014_residents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
