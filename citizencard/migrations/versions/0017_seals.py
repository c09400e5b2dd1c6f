"""Cuts, snapshots, folds, seals and the stop switch: what is kept about the books, so that they can be read, proved and stopped.

All but the stop are facts. A stop is released once, by somebody, for a reason.
"""

import sqlalchemy as sa
from alembic import op

from citizencard.migrations.triggers import append_only, append_only_by, changeable_again
from ledger.instants import Instant

revision = "0017_seals"
down_revision = "0016_holds"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
STOP_COLUMNS = "id, state, stopped_at, cause, released_at, released_by, reason"
STOP_REWRITTEN = (
    "NEW.id <> OLD.id OR NEW.stopped_at <> OLD.stopped_at OR NEW.cause <> OLD.cause OR OLD.state <> 'stopped'"
)
STOP_REFUSAL = "a stop is never deleted and is released once"
FACTS = ("ledger_cut", "ledger_fold", "ledger_seal")


def upgrade() -> None:
    """Make the tables; the cuts of the days that are closed already are noted."""
    op.create_table(
        "ledger_cut",
        sa.Column("id", BIG_ID, sa.Identity(always=True), nullable=False),
        sa.Column("drawn_at", Instant, nullable=False),
        sa.Column("cut_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_cut")),
    )
    op.create_index(op.f("ix_ledger_cut_drawn_at"), "ledger_cut", ["drawn_at"])
    op.execute(
        "INSERT INTO ledger_cut (drawn_at, cut_id) SELECT closed_at, cut_id FROM ledger_day WHERE cut_id IS NOT NULL ORDER BY day"
    )
    op.create_table(
        "ledger_fold",
        sa.Column("id", BIG_ID, sa.Identity(always=True), nullable=False),
        sa.Column("folded_at", Instant, nullable=False),
        sa.Column("folded_to", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_fold")),
        sa.UniqueConstraint("folded_to", name=op.f("uq_ledger_fold_folded_to")),
    )
    op.create_table(
        "ledger_snapshot",
        sa.Column("account_id", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("debits_fen", sa.BigInteger, nullable=False),
        sa.Column("credits_fen", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_ledger_snapshot")),
    )
    op.add_column("ledger_day", sa.Column("snapshots", sa.BigInteger))
    op.create_table(
        "ledger_seal",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("first_id", sa.BigInteger, nullable=False),
        sa.Column("last_id", sa.BigInteger, nullable=False),
        sa.Column("transfers", sa.BigInteger, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("rows_hash", sa.String(64), nullable=False),
        sa.Column("digests", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("sealed_at", Instant, nullable=False),
        sa.CheckConstraint("first_id <= last_id", name=op.f("ck_ledger_seal_span")),
        sa.CheckConstraint("length(digests) = transfers * 24", name=op.f("ck_ledger_seal_digests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_seal")),
        sa.UniqueConstraint("first_id", name=op.f("uq_ledger_seal_first_id")),
        sa.UniqueConstraint("last_id", name=op.f("uq_ledger_seal_last_id")),
    )
    _make_stop()
    for table in FACTS:
        append_only(op, table)
    append_only_by(op, "ledger_snapshot", ("account_id", "day"))


def _make_stop() -> None:
    op.create_table(
        "ledger_stop",
        sa.Column("id", BIG_ID, sa.Identity(always=True), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, server_default="stopped"),
        sa.Column("stopped_at", Instant, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("released_at", Instant),
        sa.Column("released_by", sa.String(64)),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint("state IN ('stopped', 'released')", name=op.f("ck_ledger_stop_state")),
        sa.CheckConstraint(
            "(state = 'stopped') = (released_at IS NULL) AND (released_at IS NULL) = (released_by IS NULL)"
            " AND (released_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_ledger_stop_released"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_stop")),
    )
    is_on = sa.text("state = 'stopped'")
    op.create_index(
        "uq_ledger_stop_on", "ledger_stop", ["state"], unique=True, postgresql_where=is_on, sqlite_where=is_on
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION ledger_stop_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION 'ledger_stop: {STOP_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for name, event in (
            ("no_delete", "DELETE ON ledger_stop FOR EACH ROW"),
            ("no_truncate", "TRUNCATE ON ledger_stop FOR EACH STATEMENT"),
            ("no_rewrite", f"UPDATE OF {STOP_COLUMNS} ON ledger_stop FOR EACH ROW WHEN ({STOP_REWRITTEN})"),
        ):
            op.execute(f"CREATE TRIGGER ledger_stop_{name} BEFORE {event} EXECUTE FUNCTION ledger_stop_refuse()")
        return
    for name, event in (
        ("no_delete", "DELETE ON ledger_stop"),
        ("no_rewrite", f"UPDATE OF {STOP_COLUMNS} ON ledger_stop WHEN {STOP_REWRITTEN}"),
    ):
        op.execute(
            f"CREATE TRIGGER ledger_stop_{name} BEFORE {event} BEGIN SELECT RAISE(ABORT, 'ledger_stop: {STOP_REFUSAL}'); END"
        )


def downgrade() -> None:
    """Drop them."""
    for table in ("ledger_snapshot", *FACTS):
        changeable_again(op, table)
    for table in ("ledger_stop", "ledger_seal", "ledger_snapshot", "ledger_fold", "ledger_cut"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_stop_refuse()")
    op.execute("ALTER TABLE ledger_day DROP COLUMN snapshots")
