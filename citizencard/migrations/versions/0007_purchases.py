"""Uploaded batches, taps and findings."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0007_purchases"
down_revision = "0006_loads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload_batch",
        sa.Column("id", BigId, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(48), nullable=False),
        sa.Column("form", sa.String(4), nullable=False),
        sa.Column("sender_id", sa.String(32), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("form IN ('file', 'json')", name="form"),
        sa.ForeignKeyConstraint(["sender_id"], ["terminal.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_upload_batch_digest_outcome", "upload_batch", ["digest", "outcome"], unique=True)
    append_only(op, "upload_batch")
    op.create_table(
        "tap_record",
        sa.Column("id", BigId, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("identity", sa.String(32), nullable=True),
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.Column("terminal_number", sa.String(12), nullable=False),
        sa.Column("terminal_sequence", sa.BigInteger(), nullable=False),
        sa.Column("card_serial", sa.String(20), nullable=False),
        sa.Column("card_counter", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.String(32), nullable=True),
        sa.Column("card_class", sa.SmallInteger(), nullable=True),
        sa.Column("merchant_id", sa.String(32), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("tac", sa.String(8), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("balance_after_fen", sa.BigInteger(), nullable=False),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=False),
        sa.Column("tapped_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("explanation", Json, nullable=False),
        sa.CheckConstraint("verdict IN ('accepted', 'suspicious', 'rejected')", name="verdict"),
        sa.CheckConstraint("verdict <> 'rejected' OR identity IS NULL", name="rejected_claims_nothing"),
        sa.CheckConstraint("amount_fen >= 0 AND subsidy_fen >= 0", name="amounts"),
        sa.CheckConstraint("verdict = 'accepted' OR subsidy_fen = 0", name="subsidy"),
        sa.ForeignKeyConstraint(["batch_id"], ["upload_batch.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        sa.UniqueConstraint("identity"),
    )
    op.create_index("ix_tap_record_card_serial_id", "tap_record", ["card_serial", "id"])
    op.create_index(
        "ix_tap_record_terminal_number_terminal_sequence", "tap_record", ["terminal_number", "terminal_sequence"]
    )
    op.create_index("ix_tap_record_tapped_at", "tap_record", ["tapped_at"])
    bad = sa.text("reason = 'bad_tac'")
    op.create_index("ix_tap_record_bad_tac", "tap_record", ["received_at"], postgresql_where=bad, sqlite_where=bad)
    doubtful = sa.text("verdict = 'suspicious'")
    op.create_index("ix_tap_record_suspicious", "tap_record", ["id"], postgresql_where=doubtful, sqlite_where=doubtful)
    append_only(op, "tap_record")
    op.create_table(
        "tap_finding",
        sa.Column("id", BigId, nullable=False),
        sa.Column("record_id", BigId, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["tap_record.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_tap_finding_record_id_kind", "tap_finding", ["record_id", "kind"], unique=True)
    op.create_index(op.f("ix_tap_finding_kind"), "tap_finding", ["kind"])


def downgrade() -> None:
    for table in ("upload_batch", "tap_record"):
        changeable_again(op, table)
    for table in ("tap_finding", "tap_record", "upload_batch"):
        op.drop_table(table)
