"""Loads, their attempts, and the slip serials of the outlets."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, UtcDateTime

revision = "0006_loads"
down_revision = "0005_cards"
branch_labels = None
depends_on = None

OPEN = "state IN ('reserved', 'authorised', 'disproven')"


def upgrade() -> None:
    """Make the tables of the loads."""
    op.create_table(
        "slip_counter",
        sa.Column("outlet_id", sa.String(32), nullable=False),
        sa.Column("last_serial", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk_slip_counter_outlet_id_outlet")),
        sa.PrimaryKeyConstraint("outlet_id", name=op.f("pk_slip_counter")),
    )
    op.create_table(
        "load",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("till_id", sa.String(32), nullable=False),
        sa.Column("outlet_id", sa.String(32), nullable=False),
        sa.Column("slip_serial", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("given_back_to", sa.String(64), nullable=True),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("proven_late_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'reserved', 'authorised', 'proven', 'disproven', 'given_back')",
            name=op.f("ck_load_state"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_load_amount")),
        sa.CheckConstraint("state = 'requested' OR slip_serial IS NOT NULL", name=op.f("ck_load_slip")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_load_card_id_card")),
        sa.ForeignKeyConstraint(["till_id"], ["till.id"], name=op.f("fk_load_till_id_till")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk_load_outlet_id_outlet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load")),
        sa.UniqueConstraint("outlet_id", "slip_serial", name=op.f("uq_load_outlet_id_slip_serial")),
    )
    op.create_index(
        "uq_load_open", "load", ["card_id"], unique=True, postgresql_where=sa.text(OPEN), sqlite_where=sa.text(OPEN)
    )
    op.create_index("ix_load_card", "load", ["card_id", "requested_at"])
    op.create_index("ix_load_till", "load", ["till_id", "requested_at"])
    op.create_table(
        "load_attempt",
        sa.Column("id", BigId, nullable=False),
        sa.Column("load_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("online_seq", sa.Integer(), nullable=False),
        sa.Column("old_balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("key_version", sa.SmallInteger(), nullable=False),
        sa.Column("algorithm", sa.SmallInteger(), nullable=False),
        sa.Column("random", sa.String(8), nullable=False),
        sa.Column("mac1", sa.String(8), nullable=False),
        sa.Column("terminal", sa.String(12), nullable=False),
        sa.Column("date", sa.String(8), nullable=False),
        sa.Column("time", sa.String(6), nullable=False),
        sa.Column("reserved_at", UtcDateTime(), nullable=False),
        sa.Column("mac2_released_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("outcome IN ('proven', 'disproven')", name=op.f("ck_load_attempt_outcome")),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_load_attempt_load_id_load")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_load_attempt_card_id_card")),
        sa.ForeignKeyConstraint(["job_id"], ["reader_job.id"], name=op.f("fk_load_attempt_job_id_reader_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_attempt")),
        sa.UniqueConstraint("load_id", "number", name=op.f("uq_load_attempt_load_id_number")),
        sa.UniqueConstraint("job_id", name=op.f("uq_load_attempt_job_id")),
    )
    op.create_index("ix_load_attempt_card", "load_attempt", ["card_id", "online_seq"])


def downgrade() -> None:
    """Remove them, in the opposite order."""
    op.drop_table("load_attempt")
    op.drop_table("load")
    op.drop_table("slip_counter")
