"""The audit trail is sealed: its cuts and seals, and every writer joins the ledger's barrier before an entry gets its number."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0018_audit_seals"
down_revision = "0017_seals"
branch_labels = None
depends_on = None

BARRIER = 0x4C4544474552
"""The ledger's barrier (ledger/barrier.py), as it was when this was written."""
FACTS = ("audit_cut", "audit_seal")


def upgrade() -> None:
    """Make the tables, and let PostgreSQL take the barrier shared for whoever writes an entry.

    A trigger for the statement fires before its first row is made, hence before a number is drawn. SQLite: BEGIN IMMEDIATE is the barrier.
    """
    op.create_table(
        "audit_cut",
        sa.Column("id", BigId, nullable=False),
        sa.Column("drawn_at", UtcDateTime, nullable=False),
        sa.Column("cut_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_cut")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("first_id", sa.BigInteger, nullable=False),
        sa.Column("last_id", sa.BigInteger, nullable=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("rows_hash", sa.String(64), nullable=False),
        sa.Column("digests", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("sealed_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("first_id <= last_id", name=op.f("ck_audit_seal_span")),
        sa.CheckConstraint("length(digests) = entries * 24", name=op.f("ck_audit_seal_digests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("first_id", name=op.f("uq_audit_seal_first_id")),
        sa.UniqueConstraint("last_id", name=op.f("uq_audit_seal_last_id")),
    )
    for table in FACTS:
        append_only(op, table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_entry_enter() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN PERFORM pg_advisory_xact_lock_shared({BARRIER}); RETURN NULL; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entry_enter BEFORE INSERT ON audit_entry"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_enter()"
        )


def downgrade() -> None:
    """Drop them."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_entry_enter ON audit_entry")
        op.execute("DROP FUNCTION audit_entry_enter()")
    for table in FACTS:
        changeable_again(op, table)
        op.drop_table(table)
