"""On-line accounts, the cards that pay from them, cash paid in, and on-line purchases."""

import sqlalchemy as sa
from alembic import op

from citizencard.cards.columns import HexBytes
from citizencard.db import BigId, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0010_accounts"
down_revision = "0009_proposals"
branch_labels = None
depends_on = None

LINKED = "unlinked_at IS NULL"
REASONS = (
    "reason IN ('bad_proof', 'unknown_card', 'card_state', 'hotlisted', 'clock', 'no_account', 'insufficient_funds',"
    " 'account_frozen', 'account_closed', 'reversed_before')"
)
CONTENT = (
    "amount_fen > 0 AND card_serial IS NOT NULL AND happened_at IS NOT NULL AND merchant_id IS NOT NULL"
    " OR reason = 'reversed_before' AND amount_fen IS NULL AND card_serial IS NULL"
)


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("person.id"), unique=True),
        sa.Column("opened_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "account_card",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("card_id", sa.String(32), sa.ForeignKey("card.id"), nullable=False),
        sa.Column("linked_at", UtcDateTime, nullable=False),
        sa.Column("unlinked_at", UtcDateTime),
    )
    op.create_index(
        "uq_account_card_linked",
        "account_card",
        ["card_id"],
        unique=True,
        postgresql_where=sa.text(LINKED),
        sqlite_where=sa.text(LINKED),
    )
    op.create_index("ix_account_card_account_id", "account_card", ["account_id"])
    op.create_table(
        "cash_top_up",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("till_id", sa.String(32), sa.ForeignKey("till.id"), nullable=False),
        sa.Column("outlet_id", sa.String(32), sa.ForeignKey("outlet.id"), nullable=False),
        sa.Column("slip_serial", sa.BigInteger, nullable=False),
        sa.Column("paid_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name="amount"),
        sa.CheckConstraint("slip_serial > 0", name="slip"),
        sa.UniqueConstraint("outlet_id", "slip_serial"),
    )
    op.create_index("ix_cash_top_up_account_id", "cash_top_up", ["account_id", "paid_at"])
    op.create_index("ix_cash_top_up_till_id", "cash_top_up", ["till_id", "paid_at"])
    append_only(op, "cash_top_up")
    op.create_table(
        "online_purchase",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("terminal_number", HexBytes(6), nullable=False),
        sa.Column("batch", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.BigInteger, nullable=False),
        sa.Column("terminal_id", sa.String(32), sa.ForeignKey("terminal.id"), nullable=False),
        sa.Column("merchant_id", sa.String(32), sa.ForeignKey("merchant.id")),
        sa.Column("card_serial", HexBytes(10)),
        sa.Column("card_id", sa.String(32), sa.ForeignKey("card.id")),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id")),
        sa.Column("amount_fen", sa.BigInteger),
        sa.Column("happened_at", UtcDateTime),
        sa.Column("proof", HexBytes(8)),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24)),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("reversed_at", UtcDateTime),
        sa.UniqueConstraint("terminal_number", "batch", "trace"),
        sa.CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
        sa.CheckConstraint(REASONS, name="reason"),
        sa.CheckConstraint("(verdict = 'approved') = (reason IS NULL)", name="refused_why"),
        sa.CheckConstraint("verdict = 'refused' OR (account_id IS NOT NULL AND card_id IS NOT NULL)", name="paid_from"),
        sa.CheckConstraint(CONTENT, name="content"),
        sa.CheckConstraint(
            "reversed_at IS NULL OR verdict = 'approved' OR reason = 'reversed_before'", name="reversed"
        ),
    )
    op.create_index("ix_online_purchase_account_id", "online_purchase", ["account_id", "id"])
    op.create_index("ix_online_purchase_terminal_id", "online_purchase", ["terminal_id", "id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("online_purchase")
    changeable_again(op, "cash_top_up")
    op.drop_table("cash_top_up")
    op.drop_table("account_card")
    op.drop_table("account")
