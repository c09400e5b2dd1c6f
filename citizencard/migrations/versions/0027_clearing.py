"""What is found when taps are cleared, and what is set aside."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0027_clearing"
down_revision = "0026_upload_limits"
branch_labels = None
depends_on = None

HAS_TAC = "identity IS NOT NULL"


def upgrade() -> None:
    """Make them."""
    # Neither column has a CHECK or a default: a table that grows by millions of rows a day is not copied.
    op.add_column("tap_finding", sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
    op.add_column("tap_record", sa.Column("tariff_version", sa.BigInteger(), nullable=True))
    for name in ("card_counter", "tapped_at"):
        op.create_index(
            f"ix_tap_record_card_serial_{name}",
            "tap_record",
            ["card_serial", name],
            postgresql_where=sa.text(HAS_TAC),
            sqlite_where=sa.text(HAS_TAC),
        )
    _clearings()
    _set_asides()
    append_only(op, "tap_set_aside")


def downgrade() -> None:
    """Remove them, in the opposite order."""
    changeable_again(op, "tap_set_aside")
    for table in ("tap_set_aside", "tap_to_clear", "tap_clearing"):
        op.drop_table(table)
    for name in ("tapped_at", "card_counter"):
        op.drop_index(f"ix_tap_record_card_serial_{name}", "tap_record")
    # Not by alembic: it copies a SQLite table to drop a column, and the triggers would be lost.
    op.execute("ALTER TABLE tap_record DROP COLUMN tariff_version")
    op.execute("ALTER TABLE tap_finding DROP COLUMN withdrawn_at")


def _clearings() -> None:
    op.create_table(
        "tap_clearing",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("after_id", BigId, nullable=False),
        sa.Column("next_after_id", BigId, nullable=False),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("business_date", name=op.f("pk_tap_clearing")),
    )
    op.create_table(
        "tap_to_clear",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=True),
        sa.Column("high", sa.BigInteger(), nullable=True),
        sa.Column("first_at", UtcDateTime(), nullable=True),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('card', 'terminal')", name=op.f("ck_tap_to_clear_kind")),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_tap_to_clear")),
    )


def _set_asides() -> None:
    op.create_table(
        "tap_set_aside",
        sa.Column("id", BigId, nullable=False),
        sa.Column("record_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(96), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "cause IN ('counter_fork', 'over_guarantee', 'covered')", name=op.f("ck_tap_set_aside_cause")
        ),
        sa.CheckConstraint(
            "number > 0 AND (cause = 'covered') = (number % 2 = 0)", name=op.f("ck_tap_set_aside_number")
        ),
        sa.CheckConstraint("amount_fen >= 0 AND subsidy_fen >= 0", name=op.f("ck_tap_set_aside_amounts")),
        sa.ForeignKeyConstraint(["record_id"], ["tap_record.id"], name=op.f("fk_tap_set_aside_record_id_tap_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tap_set_aside")),
        sa.UniqueConstraint("reference", name=op.f("uq_tap_set_aside_reference")),
    )
    op.create_index("uq_tap_set_aside_record_id_number", "tap_set_aside", ["record_id", "number"], unique=True)
    op.create_index(op.f("ix_tap_set_aside_business_date"), "tap_set_aside", ["business_date"])
