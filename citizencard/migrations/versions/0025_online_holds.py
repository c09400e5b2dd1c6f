"""Holds on on-line accounts and their settlements, balance enquiries, and loads at kiosks."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0025_online_holds"
down_revision = "0024_device_lists"
branch_labels = None
depends_on = None

_REASONS = (
    "bad_proof",
    "unknown_card",
    "card_state",
    "hotlisted",
    "clock",
    "no_account",
    "insufficient_funds",
    "account_frozen",
    "account_closed",
    "reversed_before",
)
_CONTENT = (
    "amount_fen > 0 AND card_serial IS NOT NULL AND happened_at IS NOT NULL AND merchant_id IS NOT NULL"
    " OR reason {} AND amount_fen IS NULL AND card_serial IS NULL"
)


def _reason_check(*more: str) -> str:
    return "reason IN ({})".format(", ".join(f"'{reason}'" for reason in (*_REASONS, *more)))


REASON = _reason_check("other_event")
CONTENT = _CONTENT.format("IN ('reversed_before', 'other_event')")
REASON_BEFORE = _reason_check()
CONTENT_BEFORE = _CONTENT.format("= 'reversed_before'")
LOAD_CHECKS = {
    "slip": "state = 'requested' OR source <> 'cash' OR slip_serial IS NOT NULL",
    "source": "source IN ('cash', 'due', 'account')",
    "till": "(source = 'cash') = (till_id IS NOT NULL)",
    "outlet": "(source = 'cash') = (outlet_id IS NOT NULL)",
    "account": "(source = 'account') = (account_id IS NOT NULL)",
    "kiosk": "(source = 'cash') = (kiosk_id IS NULL)",
}
SLIP_BEFORE = "state = 'requested' OR slip_serial IS NOT NULL"
FACTS = ("balance_enquiry", "hold_settlement")


def upgrade() -> None:
    """Make them."""
    _purchase_checks(REASON, CONTENT)
    _holds()
    _settlements()
    _enquiries()
    for table in FACTS:
        append_only(op, table)
    _loads()


def downgrade() -> None:
    """Remove them, in the opposite order. Loads at kiosks, holds and enquiries must not be there: their money has no other place."""
    with op.batch_alter_table("load_attempt") as attempt:
        attempt.drop_constraint(op.f("ck_load_attempt_carrier"), type_="check")
        attempt.drop_constraint(op.f("fk_load_attempt_kiosk_id_terminal"), type_="foreignkey")
        attempt.drop_column("probe")
        attempt.drop_column("kiosk_id")
        attempt.alter_column("job_id", existing_type=sa.String(32), nullable=False)
    with op.batch_alter_table("load") as load:
        for name in LOAD_CHECKS:
            load.drop_constraint(op.f(f"ck_load_{name}"), type_="check")
        load.drop_constraint(op.f("fk_load_account_id_account"), type_="foreignkey")
        load.drop_constraint(op.f("fk_load_kiosk_id_terminal"), type_="foreignkey")
        for column in ("kiosk_id", "account_id", "source"):
            load.drop_column(column)
        for column in ("till_id", "outlet_id"):
            load.alter_column(column, existing_type=sa.String(32), nullable=False)
        load.create_check_constraint(op.f("ck_load_slip"), SLIP_BEFORE)
    for table in reversed(FACTS):
        changeable_again(op, table)
    for table in ("balance_enquiry", "hold_settlement", "online_hold"):
        op.drop_table(table)
    _purchase_checks(REASON_BEFORE, CONTENT_BEFORE)


def _purchase_checks(reason: str, content: str) -> None:
    with op.batch_alter_table("online_purchase") as purchase:
        for name, text in (("reason", reason), ("content", content)):
            purchase.drop_constraint(op.f(f"ck_online_purchase_{name}"), type_="check")
            purchase.create_check_constraint(op.f(f"ck_online_purchase_{name}"), text)


def _event(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """The columns of an event that a terminal names."""
    return (
        sa.Column("id", BigId, nullable=False),
        sa.Column("terminal_number", sa.String(12), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("trace", sa.BigInteger(), nullable=False),
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("card_serial", sa.String(20), nullable=False),
        sa.Column("card_id", sa.String(32), nullable=True),
        sa.Column("account_id", sa.String(32), nullable=True),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(REASON, name=op.f(f"ck_{table}_reason")),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f(f"fk_{table}_terminal_id_terminal")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f(f"fk_{table}_card_id_card")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("terminal_number", "batch", "trace", name=op.f(f"uq_{table}_terminal_number_batch_trace")),
    )


def _holds() -> None:
    op.create_table(
        "online_hold",
        *_event("online_hold"),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.String(16), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("reversed_at", UtcDateTime(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("verdict IN ('approved', 'refused')", name=op.f("ck_online_hold_verdict")),
        sa.CheckConstraint("(verdict = 'approved') = (reason IS NULL)", name=op.f("ck_online_hold_refused_why")),
        sa.CheckConstraint("(verdict = 'approved') = (expires_at IS NOT NULL)", name=op.f("ck_online_hold_expires")),
        sa.CheckConstraint(
            "verdict = 'refused' OR (account_id IS NOT NULL AND card_id IS NOT NULL)",
            name=op.f("ck_online_hold_held_from"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_online_hold_amount")),
        sa.CheckConstraint(
            "verdict = 'approved' OR (reversed_at IS NULL AND released_at IS NULL)", name=op.f("ck_online_hold_ended")
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_online_hold_merchant_id_merchant")),
    )
    op.create_index("ix_online_hold_account_id", "online_hold", ["account_id", "id"])


def _settlements() -> None:
    op.create_table(
        "hold_settlement",
        sa.Column("id", BigId, nullable=False),
        sa.Column("hold_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("n BETWEEN 1 AND 999", name=op.f("ck_hold_settlement_n")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_hold_settlement_amount")),
        sa.CheckConstraint("verdict IN ('approved', 'refused')", name=op.f("ck_hold_settlement_verdict")),
        sa.CheckConstraint(
            "reason IN ('insufficient_funds', 'account_frozen', 'account_closed')",
            name=op.f("ck_hold_settlement_reason"),
        ),
        sa.CheckConstraint("(verdict = 'approved') = (reason IS NULL)", name=op.f("ck_hold_settlement_refused_why")),
        sa.CheckConstraint("verdict = 'approved' OR is_late", name=op.f("ck_hold_settlement_refused_late")),
        sa.ForeignKeyConstraint(["hold_id"], ["online_hold.id"], name=op.f("fk_hold_settlement_hold_id_online_hold")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_settlement")),
        sa.UniqueConstraint("hold_id", "n", name=op.f("uq_hold_settlement_hold_id_n")),
    )


def _enquiries() -> None:
    op.create_table(
        "balance_enquiry",
        *_event("balance_enquiry"),
        sa.Column("balance_fen", sa.BigInteger(), nullable=True),
        sa.Column("due_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("verdict IN ('answered', 'refused')", name=op.f("ck_balance_enquiry_verdict")),
        sa.CheckConstraint("(verdict = 'answered') = (reason IS NULL)", name=op.f("ck_balance_enquiry_refused_why")),
        sa.CheckConstraint("(verdict = 'answered') = (due_fen IS NOT NULL)", name=op.f("ck_balance_enquiry_answered")),
        sa.CheckConstraint("(balance_fen IS NULL) = (account_id IS NULL)", name=op.f("ck_balance_enquiry_balance")),
    )


def _loads() -> None:
    """A load need not be cash over a counter any more. Every load that there is was."""
    with op.batch_alter_table("load") as load:
        load.drop_constraint(op.f("ck_load_slip"), type_="check")
        load.add_column(sa.Column("source", sa.String(8), nullable=False, server_default="cash"))
        load.add_column(sa.Column("account_id", sa.String(32), nullable=True))
        load.add_column(sa.Column("kiosk_id", sa.String(32), nullable=True))
        for column in ("till_id", "outlet_id"):
            load.alter_column(column, existing_type=sa.String(32), nullable=True)
        load.create_foreign_key(op.f("fk_load_account_id_account"), "account", ["account_id"], ["id"])
        load.create_foreign_key(op.f("fk_load_kiosk_id_terminal"), "terminal", ["kiosk_id"], ["id"])
        for name, text in LOAD_CHECKS.items():
            load.create_check_constraint(op.f(f"ck_load_{name}"), text)
    with op.batch_alter_table("load") as load:
        load.alter_column("source", existing_type=sa.String(8), server_default=None)
    with op.batch_alter_table("load_attempt") as attempt:
        attempt.alter_column("job_id", existing_type=sa.String(32), nullable=True)
        attempt.add_column(sa.Column("kiosk_id", sa.String(32), nullable=True))
        attempt.add_column(sa.Column("probe", sa.String(12), nullable=True))
        attempt.create_foreign_key(op.f("fk_load_attempt_kiosk_id_terminal"), "terminal", ["kiosk_id"], ["id"])
        attempt.create_check_constraint(op.f("ck_load_attempt_carrier"), "(job_id IS NULL) <> (kiosk_id IS NULL)")
