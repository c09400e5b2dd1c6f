"""Parking: gates of lots, stays, and the entries and exits that begin and end them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from citizencard.cards.columns import HexBytes
from citizencard.db import BigId, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0011_parking"
down_revision = "0010_accounts"
branch_labels = None
depends_on = None

OPEN_STAY = "state = 'open'"
IN_USE = "ended_at IS NULL"


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "parking_gate",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("terminal_id", sa.String(32), sa.ForeignKey("terminal.id"), nullable=False),
        sa.Column("merchant_id", sa.String(32), sa.ForeignKey("merchant.id"), nullable=False),
        sa.Column("lot", sa.String(60), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("assigned_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.CheckConstraint("direction IN ('entry', 'exit')", name="direction"),
    )
    _unique_where("uq_parking_gate_in_use", "parking_gate", ["terminal_id"], IN_USE)
    op.create_table(
        "parking_stay",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("merchant_id", sa.String(32), sa.ForeignKey("merchant.id"), nullable=False),
        sa.Column("lot", sa.String(60), nullable=False),
        sa.Column("card_id", sa.String(32), sa.ForeignKey("card.id"), nullable=False),
        sa.Column("card_serial", HexBytes(10), nullable=False),
        sa.Column("tariff_version", sa.BigInteger, sa.ForeignKey("tariff_version.version"), nullable=False),
        sa.Column("entered_at", UtcDateTime, nullable=False),
        sa.Column("entry_terminal_id", sa.String(32), sa.ForeignKey("terminal.id"), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("left_at", UtcDateTime),
        sa.Column("exit_terminal_id", sa.String(32), sa.ForeignKey("terminal.id")),
        sa.Column("amount_fen", sa.BigInteger),
        sa.Column("purchase_reference", sa.String(96), unique=True),
        sa.CheckConstraint("state IN ('open', 'left', 'unpaid')", name="state"),
        sa.CheckConstraint("(state = 'open') = (left_at IS NULL)", name="left"),
        sa.CheckConstraint("(state = 'open') = (amount_fen IS NULL)", name="priced"),
        sa.CheckConstraint("amount_fen IS NULL OR amount_fen >= 0", name="amount"),
        sa.CheckConstraint("(purchase_reference IS NOT NULL) = (state = 'left' AND amount_fen > 0)", name="paid"),
    )
    _unique_where("uq_parking_stay_open", "parking_stay", ["card_id", "merchant_id", "lot"], OPEN_STAY)
    op.create_index("ix_parking_stay_card_id", "parking_stay", ["card_id", "entered_at"])
    op.create_table(
        "parking_entry",
        *_event(),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("stay_id", sa.String(32), sa.ForeignKey("parking_stay.id")),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("terminal_number", "batch", "trace"),
        sa.CheckConstraint("outcome IN ('entered', 'entry_repeated', 'refused')", name="outcome"),
        sa.CheckConstraint(
            "reason IN ('unknown_card', 'card_state', 'hotlisted', 'no_account', 'clock')", name="reason"
        ),
        sa.CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="refused_why"),
        sa.CheckConstraint("(outcome = 'refused') = (stay_id IS NULL)", name="stay"),
    )
    op.create_index("ix_parking_entry_stay_id", "parking_entry", ["stay_id"])
    append_only(op, "parking_entry")
    op.create_table(
        "parking_exit",
        *_event(),
        sa.Column("stay_id", sa.String(32), sa.ForeignKey("parking_stay.id"), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24)),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("reversed_at", UtcDateTime),
        sa.UniqueConstraint("terminal_number", "batch", "trace"),
        sa.CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
        sa.CheckConstraint("(verdict = 'approved') = (reason IS NULL)", name="refused_why"),
        sa.CheckConstraint("amount_fen >= 0", name="amount"),
        sa.CheckConstraint("reversed_at IS NULL OR verdict = 'approved'", name="reversed"),
    )
    op.create_index("ix_parking_exit_stay_id", "parking_exit", ["stay_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("parking_exit")
    changeable_again(op, "parking_entry")
    op.drop_table("parking_entry")
    op.drop_table("parking_stay")
    op.drop_table("parking_gate")


def _event() -> list[sa.Column[Any]]:
    """What an entry and an exit have in common: their name, who sent it, and whose card it was when."""
    return [
        sa.Column("id", BigId, primary_key=True),
        sa.Column("terminal_number", HexBytes(6), nullable=False),
        sa.Column("batch", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.BigInteger, nullable=False),
        sa.Column("terminal_id", sa.String(32), sa.ForeignKey("terminal.id"), nullable=False),
        sa.Column("card_serial", HexBytes(10), nullable=False),
        sa.Column("happened_at", UtcDateTime, nullable=False),
    ]


def _unique_where(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=True, postgresql_where=where, sqlite_where=where)
