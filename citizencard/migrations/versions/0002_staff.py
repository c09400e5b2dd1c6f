"""Audit, staff, outlets, approvals and idempotency keys."""

revision = "0002_staff"
down_revision = "0001_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
