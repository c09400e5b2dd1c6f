"""Holds: money that is reserved and not moved yet.

An account learns what open holds may still take out of it and fill it with; the CHECK keeps the first within the floor. The columns are added
with their CHECKs as they stand, so that neither database copies the table.
"""

import sqlalchemy as sa
from alembic import op

from citizencard.migrations.triggers import append_only, changeable_again
from ledger.instants import Instant

revision = "0016_holds"
down_revision = "0015_workstations"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
BALANCE = "CASE WHEN type IN ('asset', 'expense') THEN posted_debits_fen - posted_credits_fen ELSE posted_credits_fen - posted_debits_fen END"
HELD_OUT = f"held_out_fen >= 0 AND (floor_fen IS NULL OR {BALANCE} - held_out_fen >= floor_fen)"
HELD_IN = "held_in_fen >= 0 AND ((locked AND state <> 'closed') OR (held_in_fen = 0 AND held_out_fen = 0))"

TERMS = (
    "id, reference, debit_id, credit_id, amount_fen, currency, kind, recharge, occurred_at, placed_at, expires_at, fingerprint, metadata,"
    " state, settled_fen, ended_at"
)
REWRITTEN = (
    "NEW.id <> OLD.id OR NEW.reference <> OLD.reference OR NEW.debit_id <> OLD.debit_id OR NEW.credit_id <> OLD.credit_id"
    " OR NEW.amount_fen <> OLD.amount_fen OR NEW.currency <> OLD.currency OR NEW.kind <> OLD.kind OR NEW.recharge <> OLD.recharge"
    " OR NEW.occurred_at <> OLD.occurred_at OR NEW.placed_at <> OLD.placed_at OR NEW.expires_at <> OLD.expires_at"
    " OR NEW.fingerprint <> OLD.fingerprint OR NEW.metadata <> OLD.metadata OR NEW.settled_fen < OLD.settled_fen"
    " OR OLD.state <> 'open'"
)
REFUSAL = "a hold keeps its terms, is never deleted, and ends once"


def upgrade() -> None:
    """Make the tables and the columns."""
    for column, check in (("held_out", HELD_OUT), ("held_in", HELD_IN)):
        op.execute(
            f"ALTER TABLE ledger_account ADD COLUMN {column}_fen BIGINT DEFAULT 0 NOT NULL"
            f" CONSTRAINT ck_ledger_account_{column} CHECK ({check})"
        )
    op.create_table(
        "ledger_hold",
        sa.Column("id", BIG_ID, sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.String(80), nullable=False),
        sa.Column("debit_id", sa.BigInteger, nullable=False),
        sa.Column("credit_id", sa.BigInteger, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("recharge", sa.Boolean, nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.Column("placed_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False, server_default="open"),
        sa.Column("settled_fen", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("ended_at", Instant),
        sa.CheckConstraint(f"amount_fen > 0 AND amount_fen <= {2**53}", name=op.f("ck_ledger_hold_amount")),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_ledger_hold_two_accounts")),
        sa.CheckConstraint("length(fingerprint) = 64", name=op.f("ck_ledger_hold_fingerprint")),
        sa.CheckConstraint("expires_at > placed_at", name=op.f("ck_ledger_hold_expiry")),
        sa.CheckConstraint("state IN ('open', 'settled', 'released', 'expired')", name=op.f("ck_ledger_hold_state")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_ledger_hold_ended")),
        sa.CheckConstraint(
            "settled_fen >= 0 AND settled_fen <= amount_fen AND (state <> 'open' OR settled_fen < amount_fen)"
            " AND (state <> 'settled' OR settled_fen > 0)",
            name=op.f("ck_ledger_hold_settled"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_hold")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_hold_reference")),
        sqlite_autoincrement=True,
    )
    is_open = sa.text("state = 'open'")
    for column in ("debit_id", "credit_id", "expires_at"):
        op.create_index(
            f"ix_ledger_hold_open_{column}",
            "ledger_hold",
            [column],
            postgresql_where=is_open,
            sqlite_where=is_open,
        )
    op.create_table(
        "ledger_hold_settlement",
        sa.Column("id", BIG_ID, sa.Identity(always=True), nullable=False),
        sa.Column("hold_id", sa.BigInteger, nullable=False),
        sa.Column("transfer_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_hold_settlement")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_ledger_hold_settlement_transfer_id")),
    )
    op.create_index(op.f("ix_ledger_hold_settlement_hold_id"), "ledger_hold_settlement", ["hold_id"])
    append_only(op, "ledger_hold_settlement")
    _guard()


def downgrade() -> None:
    """Drop them."""
    changeable_again(op, "ledger_hold_settlement")
    op.drop_table("ledger_hold_settlement")
    op.drop_table("ledger_hold")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_hold_refuse()")
    # The last one first: its CHECK names the other.
    for column in ("held_in", "held_out"):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"ALTER TABLE ledger_account DROP CONSTRAINT ck_ledger_account_{column}")
        op.execute(f"ALTER TABLE ledger_account DROP COLUMN {column}_fen")


def _guard() -> None:
    """Refuse DELETE, TRUNCATE and every update but the ones of an open hold that settle or end it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION ledger_hold_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION 'ledger_hold: {REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            "CREATE TRIGGER ledger_hold_no_delete BEFORE DELETE ON ledger_hold FOR EACH ROW EXECUTE FUNCTION ledger_hold_refuse()"
        )
        op.execute(
            "CREATE TRIGGER ledger_hold_no_truncate BEFORE TRUNCATE ON ledger_hold FOR EACH STATEMENT"
            " EXECUTE FUNCTION ledger_hold_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER ledger_hold_no_rewrite BEFORE UPDATE OF {TERMS} ON ledger_hold FOR EACH ROW"
            f" WHEN ({REWRITTEN}) EXECUTE FUNCTION ledger_hold_refuse()"
        )
        return
    op.execute(
        "CREATE TRIGGER ledger_hold_no_delete BEFORE DELETE ON ledger_hold"
        f" BEGIN SELECT RAISE(ABORT, 'ledger_hold: {REFUSAL}'); END"
    )
    op.execute(
        f"CREATE TRIGGER ledger_hold_no_rewrite BEFORE UPDATE OF {TERMS} ON ledger_hold WHEN {REWRITTEN}"
        f" BEGIN SELECT RAISE(ABORT, 'ledger_hold: {REFUSAL}'); END"
    )
