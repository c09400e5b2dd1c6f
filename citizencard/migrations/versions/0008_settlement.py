"""Net positions, custody certificates and proofs of the books."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only_by, changeable_again

revision = "0008_settlement"
down_revision = "0007_purchases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables; none of them is ever changed."""
    op.create_table(
        "settlement_net_position",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("clearing_fen", sa.BigInteger(), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=False),
        sa.Column("suspense_fen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_date", "merchant_id", name=op.f("pk_settlement_net_position")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_settlement_net_position_merchant_id_merchant")
        ),
    )
    op.create_table(
        "settlement_certificate",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("cut_id", sa.BigInteger(), nullable=False),
        sa.Column("cover_fen", sa.BigInteger(), nullable=False),
        sa.Column("owed_fen", sa.BigInteger(), nullable=False),
        sa.Column("surplus_fen", sa.BigInteger(), nullable=False),
        sa.Column("custody_fen", sa.BigInteger(), nullable=False),
        sa.Column("cover_parts", Json, nullable=False),
        sa.Column("owed_parts", Json, nullable=False),
        sa.PrimaryKeyConstraint("business_date", name=op.f("pk_settlement_certificate")),
        sa.CheckConstraint("surplus_fen = cover_fen - owed_fen", name=op.f("ck_settlement_certificate_surplus")),
    )
    op.create_table(
        "settlement_book_proof",
        sa.Column("id", BigId, nullable=False),
        sa.Column("proved_at", UtcDateTime(), nullable=False),
        sa.Column("transfers", sa.BigInteger(), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.BigInteger(), nullable=False),
        sa.Column("first_difference", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_book_proof")),
    )
    op.create_index(op.f("ix_settlement_book_proof_proved_at"), "settlement_book_proof", ["proved_at"])
    append_only_by(op, "settlement_net_position", ("business_date", "merchant_id"))
    append_only_by(op, "settlement_certificate", ("business_date",))


def downgrade() -> None:
    """Take them away."""
    changeable_again(op, "settlement_certificate")
    changeable_again(op, "settlement_net_position")
    op.drop_table("settlement_book_proof")
    op.drop_table("settlement_certificate")
    op.drop_table("settlement_net_position")
