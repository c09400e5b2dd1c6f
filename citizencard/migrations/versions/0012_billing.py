"""Utility bills, imports, households and receipts."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, append_only_by, changeable_again

revision = "0012_billing"
down_revision = "0011_parking"
branch_labels = None
depends_on = None

LINKED = "unlinked_at IS NULL"


def upgrade() -> None:
    """Make the seven tables."""
    op.create_table(
        "receipt",
        sa.Column("serial", BigId, primary_key=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("token", sa.String(32), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.String(32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("issued_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("kind", "subject_id"),
        sa.CheckConstraint("kind IN ('bill', 'top_up', 'refund')", name="kind"),
        sa.CheckConstraint("amount_fen > 0", name="amount"),
    )
    append_only_by(op, "receipt", ("serial",))
    op.create_table(
        "utility_service",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("merchant_id", sa.String(32), sa.ForeignKey("merchant.id"), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("rule", sa.String(60), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("registered_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("merchant_id", "name"),
        sa.CheckConstraint("currency = 'cny'", name="currency"),
    )
    op.create_table(
        "bill_import",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("service_id", sa.String(32), sa.ForeignKey("utility_service.id"), nullable=False),
        sa.Column("source_name", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("accepted_fen", sa.BigInteger, nullable=False),
        sa.Column("duplicates", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.Column("rejects", Json, nullable=False),
        sa.Column("imported_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("accepted >= 0 AND duplicates >= 0 AND rejected >= 0", name="counts"),
        sa.CheckConstraint("accepted_fen >= 0", name="accepted_fen"),
    )
    op.create_index("ix_bill_import_service_id", "bill_import", ["service_id", "imported_at"])
    append_only(op, "bill_import")
    op.create_table(
        "bill",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("service_id", sa.String(32), sa.ForeignKey("utility_service.id"), nullable=False),
        sa.Column("serial", sa.String(32), nullable=False),
        sa.Column("customer_number", sa.String(20), nullable=False),
        sa.Column("period_from", sa.Date, nullable=False),
        sa.Column("period_to", sa.Date, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("parts", Json, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("tariff_version", BigId, sa.ForeignKey("tariff_version.version"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("paid_by", sa.String(32)),
        sa.Column("paid_at", UtcDateTime),
        sa.Column("import_id", sa.String(32), sa.ForeignKey("bill_import.id"), nullable=False),
        sa.UniqueConstraint("service_id", "serial"),
        sa.CheckConstraint("state IN ('open', 'paid', 'cancelled')", name="state"),
        sa.CheckConstraint("(state = 'paid') = (paid_by IS NOT NULL)", name="paid"),
        sa.CheckConstraint("(paid_by IS NULL) = (paid_at IS NULL)", name="paid_at"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("quantity >= 0", name="quantity"),
        sa.CheckConstraint("amount_fen > 0", name="amount"),
        sa.CheckConstraint("period_to >= period_from", name="period"),
    )
    op.create_index("ix_bill_customer_number", "bill", ["customer_number", "service_id", "period_to"])
    op.create_table(
        "bill_payment",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("bill_id", sa.String(32), sa.ForeignKey("bill.id"), nullable=False),
        sa.Column("bill_version", sa.Integer, nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id")),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("paid_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("bill_id", "bill_version"),
        sa.CheckConstraint("way IN ('account', 'charge')", name="way"),
        sa.CheckConstraint("(way = 'account') = (account_id IS NOT NULL)", name="account"),
        sa.CheckConstraint("amount_fen > 0", name="amount"),
    )
    op.create_index(op.f("ix_bill_payment_account_id"), "bill_payment", ["account_id"])
    append_only(op, "bill_payment")
    op.create_table(
        "household",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("service_id", sa.String(32), sa.ForeignKey("utility_service.id"), nullable=False),
        sa.Column("customer_number", sa.String(20), nullable=False),
        sa.Column("linked_at", UtcDateTime, nullable=False),
        sa.Column("unlinked_at", UtcDateTime),
    )
    op.create_index(
        "uq_household_linked",
        "household",
        ["person_id", "service_id", "customer_number"],
        unique=True,
        postgresql_where=sa.text(LINKED),
        sqlite_where=sa.text(LINKED),
    )
    op.create_table(
        "household_guard",
        sa.Column("person_id", sa.String(32), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("wrong_count", sa.Integer, nullable=False),
        sa.Column("first_wrong_at", UtcDateTime),
        sa.Column("locked_until", UtcDateTime),
        sa.CheckConstraint("wrong_count >= 0", name="wrong_count"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("household_guard")
    op.drop_table("household")
    changeable_again(op, "bill_payment")
    op.drop_table("bill_payment")
    op.drop_table("bill")
    changeable_again(op, "bill_import")
    op.drop_table("bill_import")
    op.drop_table("utility_service")
    changeable_again(op, "receipt")
    op.drop_table("receipt")
