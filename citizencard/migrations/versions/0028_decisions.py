"""What people decide about findings; cards in the place of others, and late taps of the old ones."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0028_decisions"
down_revision = "0027_clearing"
branch_labels = None
depends_on = None

FACTS = ("tap_decision", "tap_proposal", "tap_note", "purse_shortfall")
REJECTED = "verdict = 'rejected'"
NOT_MOVED = "moved_at IS NULL"


def upgrade() -> None:
    """Make the tables of decisions and replacements."""
    _decisions()
    _proposals()
    _notes()
    op.create_index(
        "ix_tap_record_rejected",
        "tap_record",
        ["id"],
        postgresql_where=sa.text(REJECTED),
        sqlite_where=sa.text(REJECTED),
    )
    _replacements()
    _shortfalls()
    for table in FACTS:
        append_only(op, table)


def downgrade() -> None:
    """Remove them, in the opposite order."""
    for table in reversed(FACTS):
        changeable_again(op, table)
    op.drop_table("purse_shortfall")
    op.drop_table("card_replacement")
    op.drop_index("ix_tap_record_rejected", table_name="tap_record")
    for table in ("tap_note", "tap_proposal", "tap_decision"):
        op.drop_table(table)


def _decisions() -> None:
    op.create_table(
        "tap_decision",
        sa.Column("id", BigId, nullable=False),
        sa.Column("record_id", BigId, nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(96), nullable=True),
        sa.Column("made_good", sa.String(96), nullable=True),
        sa.Column("merchant_id", sa.String(32), nullable=True),
        sa.Column("credited", sa.String(96), nullable=True),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=False),
        sa.Column("explanation", Json, nullable=True),
        sa.Column("finding_to", sa.BigInteger(), nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('merchant', 'holder', 'company', 'goodwill')", name=op.f("ck_tap_decision_outcome")
        ),
        sa.CheckConstraint("amount_fen >= 0 AND subsidy_fen >= 0", name=op.f("ck_tap_decision_amounts")),
        sa.CheckConstraint("(reference IS NULL) = (amount_fen = 0)", name=op.f("ck_tap_decision_reference")),
        sa.CheckConstraint(
            "(outcome = 'company' AND amount_fen > 0) = (made_good IS NOT NULL)", name=op.f("ck_tap_decision_made_good")
        ),
        sa.CheckConstraint("(outcome = 'holder') = (merchant_id IS NULL)", name=op.f("ck_tap_decision_merchant")),
        sa.CheckConstraint(
            "(outcome IN ('holder', 'company')) = (credited IS NOT NULL)", name=op.f("ck_tap_decision_credited")
        ),
        sa.CheckConstraint("outcome <> 'goodwill' OR amount_fen > 0", name=op.f("ck_tap_decision_goodwill")),
        sa.CheckConstraint(
            "outcome IN ('merchant', 'company') OR subsidy_fen = 0", name=op.f("ck_tap_decision_subsidy")
        ),
        sa.ForeignKeyConstraint(["record_id"], ["tap_record.id"], name=op.f("fk_tap_decision_record_id_tap_record")),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_tap_decision_approval_id_approval")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tap_decision")),
        sa.UniqueConstraint("record_id", name=op.f("uq_tap_decision_record_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_tap_decision_reference")),
        sa.UniqueConstraint("made_good", name=op.f("uq_tap_decision_made_good")),
    )
    op.create_index("uq_tap_decision_approval_id_line", "tap_decision", ["approval_id", "line"], unique=True)


def _proposals() -> None:
    op.create_table(
        "tap_proposal",
        sa.Column("id", BigId, nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("record_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_tap_proposal_approval_id_approval")),
        sa.ForeignKeyConstraint(["record_id"], ["tap_record.id"], name=op.f("fk_tap_proposal_record_id_tap_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tap_proposal")),
    )
    op.create_index("uq_tap_proposal_approval_id_line", "tap_proposal", ["approval_id", "line"], unique=True)
    op.create_index(op.f("ix_tap_proposal_record_id"), "tap_proposal", ["record_id"])


def _notes() -> None:
    op.create_table(
        "tap_note",
        sa.Column("id", BigId, nullable=False),
        sa.Column("record_id", BigId, nullable=False),
        sa.Column("finding_to", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("noted_by", sa.String(64), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["tap_record.id"], name=op.f("fk_tap_note_record_id_tap_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tap_note")),
    )
    op.create_index("uq_tap_note_record_id_finding_to", "tap_note", ["record_id", "finding_to"], unique=True)


def _replacements() -> None:
    op.create_table(
        "card_replacement",
        sa.Column("old_card_id", sa.String(32), nullable=False),
        sa.Column("new_card_id", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(8), nullable=False),
        sa.Column("liable_until", UtcDateTime(), nullable=True),
        sa.Column("replaced_at", UtcDateTime(), nullable=False),
        sa.Column("replaced_by", sa.String(64), nullable=False),
        sa.Column("move_from", UtcDateTime(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=True),
        sa.Column("moved_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("reason IN ('lost', 'broken')", name=op.f("ck_card_replacement_reason")),
        sa.CheckConstraint("old_card_id <> new_card_id", name=op.f("ck_card_replacement_two_cards")),
        sa.CheckConstraint("(moved_at IS NULL) = (moved_fen IS NULL)", name=op.f("ck_card_replacement_moved")),
        sa.CheckConstraint("moved_fen >= 0", name=op.f("ck_card_replacement_moved_fen")),
        sa.ForeignKeyConstraint(["old_card_id"], ["card.id"], name=op.f("fk_card_replacement_old_card_id_card")),
        sa.ForeignKeyConstraint(["new_card_id"], ["card.id"], name=op.f("fk_card_replacement_new_card_id_card")),
        sa.PrimaryKeyConstraint("old_card_id", name=op.f("pk_card_replacement")),
        sa.UniqueConstraint("new_card_id", name=op.f("uq_card_replacement_new_card_id")),
    )
    op.create_index(
        "ix_card_replacement_waiting",
        "card_replacement",
        ["move_from"],
        postgresql_where=sa.text(NOT_MOVED),
        sqlite_where=sa.text(NOT_MOVED),
    )


def _shortfalls() -> None:
    op.create_table(
        "purse_shortfall",
        sa.Column("id", BigId, nullable=False),
        sa.Column("card_id", sa.String(32), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("holder_fen", sa.BigInteger(), nullable=False),
        sa.Column("company_fen", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "holder_fen >= 0 AND company_fen >= 0 AND holder_fen + company_fen > 0",
            name=op.f("ck_purse_shortfall_amounts"),
        ),
        sa.ForeignKeyConstraint(
            ["card_id"], ["card_replacement.old_card_id"], name=op.f("fk_purse_shortfall_card_id_card_replacement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purse_shortfall")),
    )
    op.create_index(
        "uq_purse_shortfall_card_id_business_date", "purse_shortfall", ["card_id", "business_date"], unique=True
    )
