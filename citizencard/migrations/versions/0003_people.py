"""People and their social-security links."""

revision = "0003_people"
down_revision = "0002_staff"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
