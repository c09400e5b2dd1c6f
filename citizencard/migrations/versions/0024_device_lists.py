"""What devices fetch: published hotlists, ranges and modules on them, other issuers, gaps that are asked for."""

revision = "0024_device_lists"
down_revision = "0023_registry"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""


def downgrade() -> None:
    """Remove them, in the opposite order."""
