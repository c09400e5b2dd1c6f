"""Merchants, lines, terminals, PSAMs and tariff versions."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, append_only_by, changeable_again

revision = "0004_registry"
down_revision = "0003_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merchant",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('bus', 'parking', 'utility', 'shop')", name="kind"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "line",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("base_fare_fen", sa.Integer(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("number BETWEEN 1 AND 65535", name="number"),
        sa.CheckConstraint("base_fare_fen BETWEEN 0 AND 100000", name="base_fare"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_line_merchant_id"), "line", ["merchant_id"])
    _create_tariffs()
    _create_terminals()
    _create_terminal_details()


def _create_tariffs() -> None:
    op.create_table(
        "tariff_version",
        sa.Column("version", BigId, autoincrement=False, nullable=False),
        sa.Column("effective_from", UtcDateTime(), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("version BETWEEN 1 AND 4294967295", name="version"),
        sa.PrimaryKeyConstraint("version"),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"]),
        sa.UniqueConstraint("approval_id"),
    )
    op.create_index(op.f("ix_tariff_version_effective_from"), "tariff_version", ["effective_from"])
    append_only_by(op, "tariff_version", ("version",))


def _create_terminals() -> None:
    op.create_table(
        "psam",
        sa.Column("serial", sa.String(20), nullable=False),
        sa.Column("terminal_number", sa.String(12), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("serial"),
        sa.UniqueConstraint("terminal_number"),
    )
    append_only_by(op, "psam", ("serial",))
    op.create_table(
        "terminal",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("last_batch", BigId, nullable=False),
        sa.Column("software", sa.String(64), nullable=False),
        sa.Column("signed_in_at", UtcDateTime(), nullable=True),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'disabled')", name="state"),
        sa.CheckConstraint("last_batch >= 0", name="last_batch"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "terminal_binding",
        sa.Column("id", BigId, nullable=False),
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("psam_serial", sa.String(20), nullable=False),
        sa.Column("terminal_number", sa.String(12), nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=True),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("end_approval_id", sa.String(32), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="order"),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"]),
        sa.ForeignKeyConstraint(["psam_serial"], ["psam.serial"]),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"]),
        sa.ForeignKeyConstraint(["line"], ["line.number"]),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"]),
        sa.ForeignKeyConstraint(["end_approval_id"], ["approval.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("approval_id"),
        sa.UniqueConstraint("end_approval_id"),
    )
    op.create_index(
        op.f("ix_terminal_binding_terminal_id_valid_from"), "terminal_binding", ["terminal_id", "valid_from"]
    )
    op.create_index(
        op.f("ix_terminal_binding_terminal_number_valid_from"), "terminal_binding", ["terminal_number", "valid_from"]
    )
    _only_one_open("uq_terminal_binding_open_terminal", "terminal_binding", "terminal_id", "valid_to")
    _only_one_open("uq_terminal_binding_open_psam", "terminal_binding", "terminal_number", "valid_to")


def _create_terminal_details() -> None:
    op.create_table(
        "terminal_key",
        sa.Column("id", BigId, nullable=False),
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("enrolled_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_key"),
    )
    op.create_index(op.f("ix_terminal_key_terminal_id"), "terminal_key", ["terminal_id"])
    _only_one_open("uq_terminal_key_current", "terminal_key", "terminal_id", "retired_at")
    op.create_table(
        "enrolment_code",
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"]),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_index(op.f("ix_enrolment_code_terminal_id"), "enrolment_code", ["terminal_id"])
    op.create_table(
        "terminal_nonce",
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("nonce", sa.String(88), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"]),
        sa.PrimaryKeyConstraint("terminal_id", "nonce"),
    )
    op.create_index(op.f("ix_terminal_nonce_used_at"), "terminal_nonce", ["used_at"])
    op.create_table(
        "terminal_acknowledgement",
        sa.Column("id", BigId, nullable=False),
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('parameters', 'hotlist')", name="kind"),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_terminal_acknowledgement_terminal_id_kind_acknowledged_at"),
        "terminal_acknowledgement",
        ["terminal_id", "kind", "acknowledged_at"],
    )
    append_only(op, "terminal_acknowledgement")


def _only_one_open(name: str, table: str, column: str, end: str) -> None:
    is_open = sa.text(f"{end} IS NULL")
    op.create_index(name, table, [column], unique=True, postgresql_where=is_open, sqlite_where=is_open)


def downgrade() -> None:
    for table in ("terminal_acknowledgement", "psam", "tariff_version"):
        changeable_again(op, table)
    for table in (
        "terminal_acknowledgement",
        "terminal_nonce",
        "enrolment_code",
        "terminal_key",
        "terminal_binding",
        "terminal",
        "psam",
        "tariff_version",
        "line",
        "merchant",
    ):
        op.drop_table(table)
