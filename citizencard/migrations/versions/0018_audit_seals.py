"""Seals of the audit trail."""

revision = "0018_audit_seals"
down_revision = "0017_seals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
