"""Accounts, transfers and business days.

Transfers are facts: triggers refuse UPDATE, DELETE, TRUNCATE and REPLACE. An account is never deleted and never becomes another one, and a
closed day keeps its cut. There is deliberately no foreign key from transfers to accounts: it would lock the hot account on every posting.
"""

import sqlalchemy as sa
from alembic import op

from citizencard.migrations.triggers import append_only, changeable_again
from ledger.instants import Instant

revision = "0001_ledger"
down_revision = None
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
BALANCE = "CASE WHEN type IN ('asset', 'expense') THEN posted_debits_fen - posted_credits_fen ELSE posted_credits_fen - posted_debits_fen END"

ACCOUNT_COLUMNS = "id, code, type, family, currency, locked"
ACCOUNT_IS_ANOTHER = "NEW.id <> OLD.id OR NEW.code <> OLD.code OR NEW.type <> OLD.type OR NEW.family <> OLD.family OR NEW.currency <> OLD.currency OR NEW.locked <> OLD.locked"
ACCOUNT_REFUSAL = "an account is never deleted and never becomes another one"
DAY_COLUMNS = "day, state, cut_id, closed_at"
DAY_IS_REWRITTEN = "NEW.day <> OLD.day OR (OLD.state = 'closed' AND (NEW.state <> OLD.state OR NEW.cut_id <> OLD.cut_id OR NEW.closed_at <> OLD.closed_at))"
DAY_REFUSAL = "a business day is never deleted and a closed one keeps its cut"


def upgrade() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("id", BIG_ID, sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(96), nullable=False),
        sa.Column("type", sa.String(9), nullable=False),
        sa.Column("family", sa.String(96), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("locked", sa.Boolean, nullable=False),
        sa.Column("floor_fen", sa.BigInteger),
        sa.Column("ceiling_fen", sa.BigInteger),
        sa.Column("state", sa.String(6), nullable=False, server_default="open"),
        sa.Column("posted_debits_fen", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("posted_credits_fen", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("folded_to", sa.BigInteger, nullable=False, server_default="0"),
        sa.CheckConstraint(
            "type IN ('asset', 'liability', 'income', 'expense', 'equity')", name=op.f("ck_ledger_account_type")
        ),
        sa.CheckConstraint("state IN ('open', 'frozen', 'closed')", name=op.f("ck_ledger_account_state")),
        sa.CheckConstraint("posted_debits_fen >= 0 AND posted_credits_fen >= 0", name=op.f("ck_ledger_account_posted")),
        sa.CheckConstraint(
            "locked OR (floor_fen IS NULL AND ceiling_fen IS NULL)", name=op.f("ck_ledger_account_limits_need_lock")
        ),
        sa.CheckConstraint(f"floor_fen IS NULL OR {BALANCE} >= floor_fen", name=op.f("ck_ledger_account_floor")),
        sa.CheckConstraint(
            "state <> 'closed' OR NOT locked OR posted_debits_fen = posted_credits_fen",
            name=op.f("ck_ledger_account_closed_at_zero"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("code", name=op.f("uq_ledger_account_code")),
        postgresql_with={"fillfactor": 60},
    )
    op.create_index(op.f("ix_ledger_account_family_code"), "ledger_account", ["family", "code"])
    op.create_table(
        "ledger_transfer",
        sa.Column("id", BIG_ID, sa.Identity(always=True, cache=1), nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("debit_id", sa.BigInteger, nullable=False),
        sa.Column("credit_id", sa.BigInteger, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("business_date", sa.Date, nullable=False),
        sa.Column("journal", sa.String(96)),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("reverses", sa.BigInteger),
        sa.CheckConstraint(f"amount_fen > 0 AND amount_fen <= {2**53}", name=op.f("ck_ledger_transfer_amount")),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_ledger_transfer_two_accounts")),
        sa.CheckConstraint("length(fingerprint) = 64", name=op.f("ck_ledger_transfer_fingerprint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transfer")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_transfer_reference")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ledger_transfer_debit_id_id"), "ledger_transfer", ["debit_id", "id"])
    op.create_index(op.f("ix_ledger_transfer_credit_id_id"), "ledger_transfer", ["credit_id", "id"])
    reversing = sa.text("reverses IS NOT NULL")
    op.create_index(
        "uq_ledger_transfer_reverses",
        "ledger_transfer",
        ["reverses"],
        unique=True,
        postgresql_where=reversing,
        sqlite_where=reversing,
    )
    op.create_table(
        "ledger_day",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("state", sa.String(6), nullable=False),
        sa.Column("opened_at", Instant, nullable=False),
        sa.Column("closed_at", Instant),
        sa.Column("cut_id", sa.BigInteger),
        sa.Column("transfers", sa.BigInteger),
        sa.Column("total_fen", sa.BigInteger),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_ledger_day_state")),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at IS NULL) AND (closed_at IS NULL) = (cut_id IS NULL)",
            name=op.f("ck_ledger_day_closed"),
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ledger_day")),
    )
    is_open = sa.text("state = 'open'")
    op.create_index(
        "uq_ledger_day_open", "ledger_day", ["state"], unique=True, postgresql_where=is_open, sqlite_where=is_open
    )
    append_only(op, "ledger_transfer")
    _guard("ledger_account", ACCOUNT_COLUMNS, ACCOUNT_IS_ANOTHER, ACCOUNT_REFUSAL)
    _guard("ledger_day", DAY_COLUMNS, DAY_IS_REWRITTEN, DAY_REFUSAL)


def downgrade() -> None:
    changeable_again(op, "ledger_transfer")
    for table in ("ledger_day", "ledger_transfer", "ledger_account"):
        op.drop_table(table)
        if table != "ledger_transfer" and op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP FUNCTION {table}_refuse()")


def _guard(table: str, columns: str, rewritten: str, refusal: str) -> None:
    """Refuse DELETE, TRUNCATE and those updates that would make the row another one; a new balance does not come past the trigger."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION '{table}: {refusal}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_rewrite BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW WHEN ({rewritten}) EXECUTE FUNCTION {table}_refuse()"
        )
        return
    op.execute(
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table}: {refusal}'); END"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_rewrite BEFORE UPDATE OF {columns} ON {table} WHEN {rewritten} BEGIN SELECT RAISE(ABORT, '{table}: {refusal}'); END"
    )
