"""What devices fetch: published hotlists, ranges and modules on them, other issuers, shifts, and gaps that are asked for."""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, Json, UtcDateTime
from citizencard.migrations.triggers import append_only, append_only_by, changeable_again

revision = "0024_device_lists"
down_revision = "0023_registry"
branch_labels = None
depends_on = None

KINDS = ("parameters", "hotlist")
OPEN = "removed_from IS NULL"
STAMPS = "unlisted_in IS NULL OR (listed_in IS NOT NULL AND unlisted_in >= listed_in)"
ACKNOWLEDGEMENT = "terminal_acknowledgement"


def upgrade() -> None:
    """Make them."""
    _stamp_hotlist_entries()
    _hotlist_blocks()
    _publications()
    _issuers()
    _shifts()
    _gaps()
    _acknowledge((*KINDS, "issuers"))


def downgrade() -> None:
    """Remove them, in the opposite order."""
    _acknowledge(KINDS)
    for table in ("terminal_gap", "terminal_shift", "partner_issuer"):
        op.drop_table(table)
    for table in ("issuer_publication", "hotlist_publication"):
        changeable_again(op, table)
        op.drop_table(table)
    op.drop_table("hotlist_block")
    for name in ("listed_in", "unlisted_in", "to_list", "to_unlist"):
        op.drop_index(f"ix_hotlist_entry_{name}", "hotlist_entry")
    for column in ("unlisted_in", "listed_in"):
        op.execute(f"ALTER TABLE hotlist_entry DROP COLUMN {column}")


def _stamp_hotlist_entries() -> None:
    op.add_column("hotlist_entry", sa.Column("listed_in", sa.Integer, nullable=True))
    # A CHECK with its column: SQLite adds one no other way without copying the table.
    op.execute(
        "ALTER TABLE hotlist_entry ADD COLUMN unlisted_in INTEGER"
        f" CONSTRAINT ck_hotlist_entry_publications CHECK ({STAMPS})"
    )
    _index("hotlist_entry", "listed_in", "listed_in", "listed_in IS NOT NULL")
    _index("hotlist_entry", "unlisted_in", "unlisted_in", "unlisted_in IS NOT NULL")
    _index("hotlist_entry", "to_list", "effective_from", "listed_in IS NULL")
    _index("hotlist_entry", "to_unlist", "removed_from", "unlisted_in IS NULL AND removed_from IS NOT NULL")


def _index(table: str, name: str, column: str, where: str) -> None:
    chosen = sa.text(where)
    op.create_index(f"ix_{table}_{name}", table, [column], postgresql_where=chosen, sqlite_where=chosen)


def _hotlist_blocks() -> None:
    op.create_table(
        "hotlist_block",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("first", sa.String(20), nullable=False),
        sa.Column("last", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("effective_from", UtcDateTime(), nullable=False),
        sa.Column("removed_from", UtcDateTime(), nullable=True),
        sa.Column("listed_in", sa.Integer(), nullable=True),
        sa.Column("unlisted_in", sa.Integer(), nullable=True),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("end_approval_id", sa.String(32), nullable=True),
        sa.CheckConstraint("kind IN ('range', 'module')", name=op.f("ck_hotlist_block_kind")),
        sa.CheckConstraint(
            "(kind = 'range' AND length(first) = 20 AND length(last) = 20 AND first <= last)"
            " OR (kind = 'module' AND length(first) = 12 AND first = last)",
            name=op.f("ck_hotlist_block_bounds"),
        ),
        sa.CheckConstraint("effective_from >= recorded_at", name=op.f("ck_hotlist_block_not_back_dated")),
        sa.CheckConstraint(
            "removed_from IS NULL OR removed_from >= effective_from", name=op.f("ck_hotlist_block_removal_after_start")
        ),
        sa.CheckConstraint(STAMPS, name=op.f("ck_hotlist_block_publications")),
        sa.CheckConstraint(
            "(removed_from IS NULL) = (end_approval_id IS NULL)", name=op.f("ck_hotlist_block_four_eyes")
        ),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_hotlist_block_approval_id_approval")),
        sa.ForeignKeyConstraint(
            ["end_approval_id"], ["approval.id"], name=op.f("fk_hotlist_block_end_approval_id_approval")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotlist_block")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_hotlist_block_approval_id")),
        sa.UniqueConstraint("end_approval_id", name=op.f("uq_hotlist_block_end_approval_id")),
    )
    is_open = sa.text(OPEN)
    op.create_index(
        "uq_hotlist_block_open",
        "hotlist_block",
        ["first", "last"],
        unique=True,
        postgresql_where=is_open,
        sqlite_where=is_open,
    )


def _publications() -> None:
    op.create_table(
        "hotlist_publication",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("cards", sa.Integer(), nullable=False),
        sa.Column("ranges", sa.Integer(), nullable=False),
        sa.Column("modules", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_hotlist_publication_version")),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_hotlist_publication_digest")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_hotlist_publication")),
    )
    op.create_table(
        "issuer_publication",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("issuers", sa.Integer(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_issuer_publication_version")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_issuer_publication")),
    )
    for table in ("hotlist_publication", "issuer_publication"):
        append_only_by(op, table, ("version",))


def _issuers() -> None:
    op.create_table(
        "partner_issuer",
        sa.Column("id", BigId, nullable=False),
        sa.Column("issuer", sa.String(16), nullable=False),
        sa.Column("city", sa.String(4), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("admitted_from", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_from", UtcDateTime(), nullable=True),
        sa.Column("listed_in", sa.Integer(), nullable=True),
        sa.Column("unlisted_in", sa.Integer(), nullable=True),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("end_approval_id", sa.String(32), nullable=True),
        sa.CheckConstraint("admitted_from >= recorded_at", name=op.f("ck_partner_issuer_not_back_dated")),
        sa.CheckConstraint(
            "withdrawn_from IS NULL OR withdrawn_from >= admitted_from", name=op.f("ck_partner_issuer_end_after_start")
        ),
        sa.CheckConstraint(STAMPS, name=op.f("ck_partner_issuer_publications")),
        sa.CheckConstraint(
            "(withdrawn_from IS NULL) = (end_approval_id IS NULL)", name=op.f("ck_partner_issuer_four_eyes")
        ),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_partner_issuer_approval_id_approval")),
        sa.ForeignKeyConstraint(
            ["end_approval_id"], ["approval.id"], name=op.f("fk_partner_issuer_end_approval_id_approval")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_issuer")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_partner_issuer_approval_id")),
        sa.UniqueConstraint("end_approval_id", name=op.f("uq_partner_issuer_end_approval_id")),
    )
    is_open = sa.text("withdrawn_from IS NULL")
    op.create_index(
        "uq_partner_issuer_open",
        "partner_issuer",
        ["issuer"],
        unique=True,
        postgresql_where=is_open,
        sqlite_where=is_open,
    )


def _shifts() -> None:
    op.create_table(
        "terminal_shift",
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("batch", BigId, autoincrement=False, nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("claimed", Json, nullable=True),
        sa.Column("arrived", Json, nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (agrees IS NULL) AND (ended_at IS NULL OR claimed IS NOT NULL)",
            name=op.f("ck_terminal_shift_ended"),
        ),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_terminal_shift_terminal_id_terminal")),
        sa.PrimaryKeyConstraint("terminal_id", "batch", name=op.f("pk_terminal_shift")),
    )


def _gaps() -> None:
    op.create_table(
        "terminal_gap",
        sa.Column("id", BigId, nullable=False),
        sa.Column("terminal_number", sa.String(12), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.String(8), nullable=True),
        sa.CheckConstraint("first >= 0 AND first <= last", name=op.f("ck_terminal_gap_bounds")),
        sa.CheckConstraint("answer IN ('arrived', 'no_debit')", name=op.f("ck_terminal_gap_answer")),
        sa.CheckConstraint("(closed_at IS NULL) = (answer IS NULL)", name=op.f("ck_terminal_gap_closed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terminal_gap")),
    )
    op.create_index("ix_terminal_gap_terminal_number_first", "terminal_gap", ["terminal_number", "first"])


def _acknowledge(kinds: tuple[str, ...]) -> None:
    """Let terminals acknowledge these kinds of lists."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    name = f"ck_{ACKNOWLEDGEMENT}_kind"
    changeable_again(op, ACKNOWLEDGEMENT)
    op.execute(f"DELETE FROM {ACKNOWLEDGEMENT} WHERE kind NOT IN ({listed})")  # noqa: S608 # our own words
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(name), ACKNOWLEDGEMENT)
        op.create_check_constraint(op.f(name), ACKNOWLEDGEMENT, f"kind IN ({listed})")
    else:
        _copy_acknowledgements(name, f"kind IN ({listed})")
    append_only(op, ACKNOWLEDGEMENT)


def _copy_acknowledgements(name: str, check: str) -> None:
    """SQLite changes no CHECK: the table is made anew and filled from the old one."""
    index, former = f"ix_{ACKNOWLEDGEMENT}_terminal_id_kind_acknowledged_at", "former_acknowledgement"
    op.drop_index(index, ACKNOWLEDGEMENT)
    op.rename_table(ACKNOWLEDGEMENT, former)
    op.create_table(
        ACKNOWLEDGEMENT,
        sa.Column("id", BigId, nullable=False),
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(check, name=op.f(name)),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.id"], name=op.f(f"fk_{ACKNOWLEDGEMENT}_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{ACKNOWLEDGEMENT}")),
    )
    op.execute(f"INSERT INTO {ACKNOWLEDGEMENT} SELECT * FROM {former}")  # noqa: S608 # our own words
    op.drop_table(former)
    op.create_index(index, ACKNOWLEDGEMENT, ["terminal_id", "kind", "acknowledged_at"])
