"""People and their social-security links."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0003_people"
down_revision = "0002_staff"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("document_type", sa.String(16), nullable=False),
        sa.Column("document_number", sa.LargeBinary, nullable=False),
        sa.Column("document_index", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("phone", sa.LargeBinary),
        sa.Column("registered_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("document_type IN ('cn_id')", name="document_type"),
    )
    op.create_table(
        "social_security_link",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("person.id"), nullable=False, unique=True),
        sa.Column("number", sa.LargeBinary, nullable=False),
        sa.Column("number_index", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("nation", sa.LargeBinary, nullable=False),
        sa.Column("region_code", sa.String(6), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("insurances", Json, nullable=False),
        sa.Column("linked_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("status IN ('linked', 'transfer_out_pending', 'unlinked')", name="status"),
    )
    op.create_table(
        "social_security_event",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("link_id", sa.String(32), sa.ForeignKey("social_security_link.id"), nullable=False),
        sa.Column("event", sa.String(24), nullable=False),
        sa.Column("region_code", sa.String(6), nullable=False),
        sa.Column("insurances", Json, nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_social_security_event_link_id", "social_security_event", ["link_id"])
    append_only(op, "social_security_event")


def downgrade() -> None:
    changeable_again(op, "social_security_event")
    for table in ("social_security_event", "social_security_link", "person"):
        op.drop_table(table)
