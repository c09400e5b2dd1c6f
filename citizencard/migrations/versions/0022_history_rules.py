"""Rules over a card's history: rides that wait for them, what earlier rides come to, and what was given back."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0022_history_rules"
down_revision = "0021_tariff_life"
branch_labels = None
depends_on = None

UNRATED = "rated_on IS NULL"


def upgrade() -> None:
    """Make the tables of the history rules."""
    _rides()
    op.create_table(
        "card_history",
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.Column("rated_until", UtcDateTime(), nullable=False),
        sa.Column("rated_state", Json, nullable=False),
        sa.PrimaryKeyConstraint("card_id", name=op.f("pk_card_history")),
    )
    _adjustments()
    append_only(op, "tap_adjustment")


def downgrade() -> None:
    """Remove them, in the opposite order."""
    changeable_again(op, "tap_adjustment")
    for table in ("tap_adjustment", "card_history", "ride_to_rate"):
        op.drop_table(table)


def _rides() -> None:
    op.create_table(
        "ride_to_rate",
        sa.Column("record_id", BigId, autoincrement=False, nullable=False),
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("tapped_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("rated_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["record_id"], ["tap_record.id"], name=op.f("fk_ride_to_rate_record_id_tap_record")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_ride_to_rate")),
    )
    op.create_index("ix_ride_to_rate_card_id_tapped_at", "ride_to_rate", ["card_id", "tapped_at"])
    op.create_index(
        "ix_ride_to_rate_unrated",
        "ride_to_rate",
        ["card_id"],
        postgresql_where=sa.text(UNRATED),
        sqlite_where=sa.text(UNRATED),
    )


def _adjustments() -> None:
    op.create_table(
        "tap_adjustment",
        sa.Column("id", BigId, nullable=False),
        sa.Column("record_id", BigId, nullable=False),
        sa.Column("rule", sa.String(96), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=False),
        sa.Column("sponsor", sa.String(60), nullable=True),
        sa.Column("reference", sa.String(96), nullable=False),
        sa.Column("line", Json, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "amount_fen > 0 AND subsidy_fen BETWEEN 0 AND amount_fen", name=op.f("ck_tap_adjustment_amounts")
        ),
        sa.CheckConstraint("(sponsor IS NULL) = (subsidy_fen = 0)", name=op.f("ck_tap_adjustment_sponsor")),
        sa.ForeignKeyConstraint(["record_id"], ["tap_record.id"], name=op.f("fk_tap_adjustment_record_id_tap_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tap_adjustment")),
        sa.UniqueConstraint("reference", name=op.f("uq_tap_adjustment_reference")),
    )
    op.create_index(
        "uq_tap_adjustment_record_id_rule_number", "tap_adjustment", ["record_id", "rule", "number"], unique=True
    )
    op.create_index("ix_tap_adjustment_business_date", "tap_adjustment", ["business_date"])
