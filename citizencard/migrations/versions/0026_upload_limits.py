"""Limits on bad TACs: of a terminal or a card that reached one, nothing is judged until a person releases it."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, UtcDateTime

revision = "0026_upload_limits"
down_revision = "0025_online_holds"
branch_labels = None
depends_on = None

OPEN = "released_at IS NULL"


def upgrade() -> None:
    """Make the table of limits."""
    op.create_table(
        "upload_limit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("cause_record_id", BigId, nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.String(32), nullable=True),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.CheckConstraint("kind IN ('terminal', 'card')", name=op.f("ck_upload_limit_kind")),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_upload_limit_release"),
        ),
        sa.ForeignKeyConstraint(
            ["cause_record_id"], ["tap_record.id"], name=op.f("fk_upload_limit_cause_record_id_tap_record")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_limit")),
    )
    op.create_index("ix_upload_limit_kind_subject", "upload_limit", ["kind", "subject"])
    op.create_index(
        "uq_upload_limit_open",
        "upload_limit",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text(OPEN),
        sqlite_where=sa.text(OPEN),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("upload_limit")
