"""Card stock, cards, hotlist and reader jobs."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0005_cards"
down_revision = "0004_registry"
branch_labels = None
depends_on = None

CARD_STATES = "'applied', 'personalised', 'issued', 'active', 'temp_lost', 'lost', 'blocked', 'spoiled', 'closed'"


def upgrade() -> None:
    """Make the tables of the cards context."""
    op.create_table(
        "card_stock",
        sa.Column("chip_serial", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("batch", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("has_transport_key", sa.Boolean(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('card', 'psam')", name=op.f("ck_card_stock_kind")),
        sa.CheckConstraint(
            "state IN ('blank', 'in_work', 'personalised', 'spoiled')", name=op.f("ck_card_stock_state")
        ),
        sa.PrimaryKeyConstraint("chip_serial", name=op.f("pk_card_stock")),
    )
    op.create_table(
        "card_counter",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("last_number", BigId, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_card_counter")),
    )
    op.create_table(
        "card",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("card_class", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("serial", sa.String(20), nullable=False),
        sa.Column("chip_serial", sa.String(16), nullable=True),
        sa.Column("key_version", sa.SmallInteger(), nullable=False),
        sa.Column("ss_card_number", sa.String(9), nullable=True),
        sa.Column("ss_card_id", sa.String(32), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"state IN ({CARD_STATES})", name=op.f("ck_card_state")),
        sa.CheckConstraint("state IN ('applied', 'closed') OR chip_serial IS NOT NULL", name=op.f("ck_card_chip")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_card_person_id_person")),
        sa.ForeignKeyConstraint(
            ["chip_serial"], ["card_stock.chip_serial"], name=op.f("fk_card_chip_serial_card_stock")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("serial", name=op.f("uq_card_serial")),
        sa.UniqueConstraint("chip_serial", name=op.f("uq_card_chip_serial")),
        sa.UniqueConstraint("ss_card_number", name=op.f("uq_card_ss_card_number")),
        sa.UniqueConstraint("ss_card_id", name=op.f("uq_card_ss_card_id")),
    )
    op.create_index(op.f("ix_card_person_id"), "card", ["person_id"])
    op.create_table(
        "card_state_change",
        sa.Column("id", BigId, nullable=False),
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("serial", sa.String(20), nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("effective_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_card_state_change_card_id_card")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_state_change")),
    )
    op.create_index(op.f("ix_card_state_change_card_id"), "card_state_change", ["card_id"])
    op.create_index("ix_card_state_change_as_of", "card_state_change", ["serial", "effective_at", "id"])
    append_only(op, "card_state_change")
    op.create_table(
        "hotlist_entry",
        sa.Column("id", BigId, nullable=False),
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("serial", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("effective_from", UtcDateTime(), nullable=False),
        sa.Column("removed_from", UtcDateTime(), nullable=True),
        sa.CheckConstraint("effective_from >= recorded_at", name=op.f("ck_hotlist_entry_not_back_dated")),
        sa.CheckConstraint(
            "removed_from IS NULL OR removed_from >= effective_from", name=op.f("ck_hotlist_entry_removal_after_start")
        ),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_hotlist_entry_card_id_card")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotlist_entry")),
    )
    op.create_index(op.f("ix_hotlist_entry_card_id"), "hotlist_entry", ["card_id"])
    op.create_index(op.f("ix_hotlist_entry_effective_from"), "hotlist_entry", ["effective_from"])
    op.create_index(op.f("ix_hotlist_entry_removed_from"), "hotlist_entry", ["removed_from"])
    op.create_index("ix_hotlist_entry_as_of", "hotlist_entry", ["serial", "effective_from"])
    op.create_index(
        "uq_hotlist_entry_open",
        "hotlist_entry",
        ["serial"],
        unique=True,
        postgresql_where=sa.text("removed_from IS NULL"),
        sqlite_where=sa.text("removed_from IS NULL"),
    )
    op.create_table(
        "psam_order",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("serial", sa.String(20), nullable=False),
        sa.Column("terminal_number", sa.String(12), nullable=False),
        sa.Column("chip_serial", sa.String(16), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ordered_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('ordered', 'personalised', 'spoiled')", name=op.f("ck_psam_order_state")),
        sa.CheckConstraint("state = 'ordered' OR chip_serial IS NOT NULL", name=op.f("ck_psam_order_chip")),
        sa.ForeignKeyConstraint(
            ["chip_serial"], ["card_stock.chip_serial"], name=op.f("fk_psam_order_chip_serial_card_stock")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_psam_order")),
        sa.UniqueConstraint("serial", name=op.f("uq_psam_order_serial")),
        sa.UniqueConstraint("terminal_number", name=op.f("uq_psam_order_terminal_number")),
        sa.UniqueConstraint("chip_serial", name=op.f("uq_psam_order_chip_serial")),
    )
    op.create_table(
        "reader_job",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("actor", Json, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_job")),
    )
    op.create_index(op.f("ix_reader_job_subject_id"), "reader_job", ["subject_id"])
    op.create_table(
        "reader_job_step",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("commands", sa.LargeBinary(), nullable=False),
        sa.Column("ticks", Json, nullable=False),
        sa.Column("answer_digest", sa.String(64), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["reader_job.id"], name=op.f("fk_reader_job_step_job_id_reader_job")),
        sa.PrimaryKeyConstraint("job_id", "step", name=op.f("pk_reader_job_step")),
    )


def downgrade() -> None:
    """Remove them, in the opposite order."""
    op.drop_table("reader_job_step")
    op.drop_table("reader_job")
    op.drop_table("psam_order")
    op.drop_table("hotlist_entry")
    changeable_again(op, "card_state_change")
    op.drop_table("card_state_change")
    op.drop_table("card")
    op.drop_table("card_counter")
    op.drop_table("card_stock")
