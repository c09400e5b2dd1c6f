"""What becomes of tariffs after they were published: rolled back to an earlier one, or withdrawn before their time."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, UtcDateTime
from citizencard.migrations.triggers import append_only_by, changeable_again

revision = "0021_tariff_life"
down_revision = "0020_unloads"
branch_labels = None
depends_on = None

TABLES = ("tariff_rollback", "tariff_withdrawal")


def upgrade() -> None:
    """Make the two tables of facts."""
    op.create_table(
        "tariff_rollback",
        sa.Column("version", BigId, autoincrement=False, nullable=False),
        sa.Column("restores", BigId, nullable=False),
        sa.CheckConstraint("restores < version", name=op.f("ck_tariff_rollback_earlier")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_tariff_rollback")),
        sa.ForeignKeyConstraint(
            ["version"], ["tariff_version.version"], name=op.f("fk_tariff_rollback_version_tariff_version")
        ),
        sa.ForeignKeyConstraint(
            ["restores"], ["tariff_version.version"], name=op.f("fk_tariff_rollback_restores_tariff_version")
        ),
    )
    op.create_table(
        "tariff_withdrawal",
        sa.Column("version", BigId, autoincrement=False, nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_tariff_withdrawal")),
        sa.ForeignKeyConstraint(
            ["version"], ["tariff_version.version"], name=op.f("fk_tariff_withdrawal_version_tariff_version")
        ),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approval.id"], name=op.f("fk_tariff_withdrawal_approval_id_approval")
        ),
        sa.UniqueConstraint("approval_id", name=op.f("uq_tariff_withdrawal_approval_id")),
    )
    for table in TABLES:
        append_only_by(op, table, ("version",))


def downgrade() -> None:
    """Remove them."""
    for table in TABLES:
        changeable_again(op, table)
        op.drop_table(table)
