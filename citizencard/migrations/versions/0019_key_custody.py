"""What is kept about keys besides the vault: ceremonies, PSAMs, re-personalisation."""

revision = "0019_key_custody"
down_revision = "0018_audit_seals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
