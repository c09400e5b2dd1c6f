"""Unloads of a chip's purse: money that leaves the chip for its holder."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, UtcDateTime
from citizencard.migrations.triggers import REFUSAL

revision = "0020_unloads"
down_revision = "0019_key_custody"
branch_labels = None
depends_on = None

OPEN = "state IN ('announced', 'authorised')"
DEBITED = "outcome = 'proven'"
ANNOUNCED = (
    "id",
    "unload_id",
    "number",
    "card_id",
    "job_id",
    "loads_before",
    "amount_fen",
    "old_balance_fen",
    "online_seq",
    "key_version",
    "algorithm",
    "random",
    "mac1",
    "terminal",
    "date",
    "time",
    "announced_at",
)
"""What a chip announced never changes: proof is about exactly this."""
REWRITTEN = (
    *(f"NEW.{column} <> OLD.{column}" for column in ANNOUNCED),
    "OLD.mac2_released_at IS NOT NULL AND (NEW.mac2_released_at IS NULL OR NEW.mac2_released_at <> OLD.mac2_released_at)",
    "OLD.outcome IS NOT NULL AND NEW.outcome IS NULL",
    "OLD.outcome = 'proven' AND NEW.outcome <> 'proven'",
)
GUARD = "unload_attempt"


def upgrade() -> None:
    """Make the tables of the unloads."""
    _unloads()
    _attempts()
    _guard()


def downgrade() -> None:
    """Remove them, in the opposite order."""
    op.drop_table(GUARD)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {GUARD}_refuse()")
    op.drop_table("unload")


def _unloads() -> None:
    op.create_table(
        "unload",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("wanted_fen", sa.BigInteger(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("proven_late_at", UtcDateTime(), nullable=True),
        sa.Column("till_id", sa.String(32), nullable=True),
        sa.Column("outlet_id", sa.String(32), nullable=True),
        sa.Column("slip_serial", sa.BigInteger(), nullable=True),
        sa.Column("paid_out_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'announced', 'authorised', 'proven', 'disproven', 'withdrawn', 'paid_out')",
            name=op.f("ck_unload_state"),
        ),
        sa.CheckConstraint("wanted_fen > 0", name=op.f("ck_unload_wanted")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_unload_amount")),
        sa.CheckConstraint(
            "state IN ('requested', 'withdrawn') OR amount_fen IS NOT NULL", name=op.f("ck_unload_announced")
        ),
        sa.CheckConstraint("state <> 'paid_out' OR slip_serial IS NOT NULL", name=op.f("ck_unload_slip")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_unload_card_id_card")),
        sa.ForeignKeyConstraint(["till_id"], ["till.id"], name=op.f("fk_unload_till_id_till")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk_unload_outlet_id_outlet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unload")),
        sa.UniqueConstraint("outlet_id", "slip_serial", name=op.f("uq_unload_outlet_id_slip_serial")),
    )
    op.create_index(
        "uq_unload_open", "unload", ["card_id"], unique=True, postgresql_where=sa.text(OPEN), sqlite_where=sa.text(OPEN)
    )
    op.create_index("ix_unload_card", "unload", ["card_id", "requested_at"])


def _attempts() -> None:
    op.create_table(
        GUARD,
        sa.Column("id", BigId, nullable=False),
        sa.Column("unload_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("loads_before", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("old_balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("online_seq", sa.Integer(), nullable=False),
        sa.Column("key_version", sa.SmallInteger(), nullable=False),
        sa.Column("algorithm", sa.SmallInteger(), nullable=False),
        sa.Column("random", sa.String(8), nullable=False),
        sa.Column("mac1", sa.String(8), nullable=False),
        sa.Column("terminal", sa.String(12), nullable=False),
        sa.Column("date", sa.String(8), nullable=False),
        sa.Column("time", sa.String(6), nullable=False),
        sa.Column("announced_at", UtcDateTime(), nullable=False),
        sa.Column("mac2_released_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("proof", sa.String(8), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount_fen > 0 AND amount_fen <= old_balance_fen", name=op.f("ck_unload_attempt_amount")),
        sa.CheckConstraint("outcome IN ('proven', 'disproven')", name=op.f("ck_unload_attempt_outcome")),
        sa.CheckConstraint("proof IN ('mac3', 'counter')", name=op.f("ck_unload_attempt_proof")),
        sa.CheckConstraint("outcome IS NULL OR mac2_released_at IS NOT NULL", name=op.f("ck_unload_attempt_released")),
        sa.CheckConstraint("outcome <> 'proven' OR proof IS NOT NULL", name=op.f("ck_unload_attempt_proven")),
        sa.ForeignKeyConstraint(["unload_id"], ["unload.id"], name=op.f("fk_unload_attempt_unload_id_unload")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_unload_attempt_card_id_card")),
        sa.ForeignKeyConstraint(["job_id"], ["reader_job.id"], name=op.f("fk_unload_attempt_job_id_reader_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unload_attempt")),
        sa.UniqueConstraint("unload_id", "number", name=op.f("uq_unload_attempt_unload_id_number")),
        sa.UniqueConstraint("job_id", name=op.f("uq_unload_attempt_job_id")),
    )
    op.create_index(
        "uq_unload_attempt_debited",
        GUARD,
        ["card_id", "online_seq"],
        unique=True,
        postgresql_where=sa.text(DEBITED),
        sqlite_where=sa.text(DEBITED),
    )
    op.create_index("ix_unload_attempt_card", GUARD, ["card_id", "online_seq"])


def _guard() -> None:
    """Refuse DELETE, TRUNCATE and every update of what a chip announced, of a release, and of a proof."""
    rewritten = " OR ".join(f"({rewriting})" for rewriting in REWRITTEN)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {GUARD}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION '{GUARD}: {REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {GUARD}_no_delete BEFORE DELETE ON {GUARD} FOR EACH ROW EXECUTE FUNCTION {GUARD}_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {GUARD}_no_truncate BEFORE TRUNCATE ON {GUARD} FOR EACH STATEMENT"
            f" EXECUTE FUNCTION {GUARD}_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {GUARD}_no_rewrite BEFORE UPDATE ON {GUARD} FOR EACH ROW"
            f" WHEN ({rewritten}) EXECUTE FUNCTION {GUARD}_refuse()"
        )
        return
    op.execute(
        f"CREATE TRIGGER {GUARD}_no_delete BEFORE DELETE ON {GUARD} BEGIN SELECT RAISE(ABORT, '{GUARD}: {REFUSAL}'); END"
    )
    op.execute(
        f"CREATE TRIGGER {GUARD}_no_rewrite BEFORE UPDATE ON {GUARD} WHEN {rewritten}"
        f" BEGIN SELECT RAISE(ABORT, '{GUARD}: {REFUSAL}'); END"
    )
