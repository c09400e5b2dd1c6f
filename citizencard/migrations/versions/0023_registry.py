"""Outlets, kinds and partners of devices, heartbeats, merchants' contacts and bank accounts; and no two bindings at one time.

Columns are added with their constraints as they stand, so that SQLite copies no table but that of the merchants, whose kinds grow.
"""

import sqlalchemy as sa
from alembic import op

from citizencard.db import BigId, UtcDateTime
from citizencard.migrations.triggers import append_only, changeable_again

revision = "0023_registry"
down_revision = "0022_history_rules"
branch_labels = None
depends_on = None

KINDS = "'bus', 'parking', 'utility', 'shop'"
MORE_KINDS = f"{KINDS}, 'metro', 'taxi', 'fuel'"
DEVICES = (
    "'bus_validator', 'metro_gate', 'parking_entry', 'parking_exit', 'taxi', 'fuel_pump', 'pos', 'kiosk', 'collector'"
)
FACTS = ("terminal_state_change", "terminal_software")

BINDING_REWRITTEN = (
    "NEW.id <> OLD.id OR NEW.terminal_id <> OLD.terminal_id OR NEW.psam_serial <> OLD.psam_serial"
    " OR NEW.terminal_number <> OLD.terminal_number OR NEW.merchant_id <> OLD.merchant_id"
    " OR coalesce(NEW.line, 0) <> coalesce(OLD.line, 0) OR NEW.valid_from <> OLD.valid_from"
    " OR NEW.approval_id <> OLD.approval_id OR NEW.recorded_at <> OLD.recorded_at OR OLD.valid_to IS NOT NULL"
)
BINDING_REFUSAL = "a binding keeps its terms, is never deleted, and ends once"
OVERLAP_REFUSAL = "the terminal or the module is bound otherwise in that time"
ACCOUNT_REWRITTEN = (
    "NEW.id <> OLD.id OR NEW.merchant_id <> OLD.merchant_id OR NEW.holder <> OLD.holder OR NEW.bank <> OLD.bank"
    " OR NEW.number <> OLD.number OR NEW.last4 <> OLD.last4 OR NEW.approval_id <> OLD.approval_id"
    " OR NEW.proposed_at <> OLD.proposed_at OR (OLD.effective_from IS NOT NULL AND NEW.effective_from <> OLD.effective_from)"
    " OR OLD.ended_at IS NOT NULL"
)
ACCOUNT_REFUSAL = "a bank account keeps its terms, is never deleted, and is taken back once"


def upgrade() -> None:
    """Make them."""
    _merchant_kinds(MORE_KINDS)
    _merchants()
    _terminals()
    _heartbeats()
    _guard("terminal_binding", BINDING_REWRITTEN, BINDING_REFUSAL)
    _guard("merchant_bank_account", ACCOUNT_REWRITTEN, ACCOUNT_REFUSAL)
    _refuse_overlaps()


def downgrade() -> None:
    """Remove them, in the opposite order."""
    for name in ("no_overlap_insert", "no_overlap_update", "no_delete", "no_truncate", "no_rewrite"):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP TRIGGER IF EXISTS terminal_binding_{name} ON terminal_binding")
        else:
            op.execute(f"DROP TRIGGER IF EXISTS terminal_binding_{name}")
    for table in FACTS:
        changeable_again(op, table)
    for table in (*FACTS, "terminal_heartbeat"):
        op.drop_table(table)
    op.execute("ALTER TABLE terminal_key DROP COLUMN rotated_from_id")
    op.drop_index("ix_terminal_outlet_id", "terminal")
    for column in ("partner_id", "outlet_id", "kind"):
        op.execute(f"ALTER TABLE terminal DROP COLUMN {column}")
    for table in ("merchant_notice", "merchant_bank_account", "merchant_contact", "merchant_outlet"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for function in ("terminal_binding_overlap", "terminal_binding_refuse", "merchant_bank_account_refuse"):
            op.execute(f"DROP FUNCTION {function}()")
    _merchant_kinds(KINDS)


def _merchant_kinds(kinds: str) -> None:
    with op.batch_alter_table("merchant") as merchant:
        merchant.drop_constraint(op.f("ck_merchant_kind"), type_="check")
        merchant.create_check_constraint(op.f("ck_merchant_kind"), f"kind IN ({kinds})")


def _merchants() -> None:
    op.create_table(
        "merchant_outlet",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("opening_hours", sa.String(120), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_outlet")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_merchant_outlet_merchant_id_merchant")),
        sa.UniqueConstraint("merchant_id", "name", name=op.f("uq_merchant_outlet_merchant_id_name")),
    )
    op.create_table(
        "merchant_contact",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_contact")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_merchant_contact_merchant_id_merchant")
        ),
    )
    current = sa.text("replaced_at IS NULL")
    op.create_index(
        "uq_merchant_contact_current",
        "merchant_contact",
        ["merchant_id"],
        unique=True,
        postgresql_where=current,
        sqlite_where=current,
    )
    _bank_accounts()


def _bank_accounts() -> None:
    op.create_table(
        "merchant_bank_account",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("holder", sa.LargeBinary(), nullable=False),
        sa.Column("bank", sa.String(120), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("last4", sa.String(4), nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("effective_from", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(64), nullable=True),
        sa.Column("end_reason", sa.String(200), nullable=True),
        sa.Column("superseded_by", sa.String(32), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (end_reason IS NULL)",
            name=op.f("ck_merchant_bank_account_ended"),
        ),
        sa.CheckConstraint(
            "superseded_by IS NULL OR ended_at IS NOT NULL", name=op.f("ck_merchant_bank_account_superseded")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR effective_from IS NULL OR ended_at < effective_from",
            name=op.f("ck_merchant_bank_account_never_undone"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_bank_account")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_merchant_bank_account_merchant_id_merchant")
        ),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approval.id"], name=op.f("fk_merchant_bank_account_approval_id_approval")
        ),
        sa.ForeignKeyConstraint(
            ["superseded_by"],
            ["merchant_bank_account.id"],
            name=op.f("fk_merchant_bank_account_superseded_by_merchant_bank_account"),
        ),
        sa.UniqueConstraint("approval_id", name=op.f("uq_merchant_bank_account_approval_id")),
    )
    op.create_index(
        op.f("ix_merchant_bank_account_merchant_id_effective_from"),
        "merchant_bank_account",
        ["merchant_id", "effective_from"],
    )
    op.create_table(
        "merchant_notice",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("contact_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("sent_by", sa.String(64), nullable=True),
        sa.Column("way", sa.String(16), nullable=True),
        sa.CheckConstraint(
            "kind IN ('bank_account_changes', 'bank_account_stays', 'contact_changed')",
            name=op.f("ck_merchant_notice_kind"),
        ),
        sa.CheckConstraint(
            "(sent_at IS NULL) = (sent_by IS NULL) AND (sent_at IS NULL) = (way IS NULL)",
            name=op.f("ck_merchant_notice_sent"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_notice")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_merchant_notice_merchant_id_merchant")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["merchant_contact.id"], name=op.f("fk_merchant_notice_contact_id_merchant_contact")
        ),
        sa.UniqueConstraint("contact_id", "kind", "subject", name=op.f("uq_merchant_notice_contact_id_kind_subject")),
    )
    op.create_index(op.f("ix_merchant_notice_merchant_id"), "merchant_notice", ["merchant_id"])
    unsent = sa.text("sent_at IS NULL")
    op.create_index(
        "ix_merchant_notice_unsent", "merchant_notice", ["id"], postgresql_where=unsent, sqlite_where=unsent
    )


def _terminals() -> None:
    for column, definition in (
        (
            "kind",
            f"VARCHAR(16) DEFAULT 'bus_validator' NOT NULL CONSTRAINT ck_terminal_kind CHECK (kind IN ({DEVICES}))",
        ),
        (
            "outlet_id",
            "VARCHAR(32) CONSTRAINT fk_terminal_outlet_id_merchant_outlet REFERENCES merchant_outlet (id)",
        ),
        ("partner_id", "VARCHAR(32) CONSTRAINT fk_terminal_partner_id_terminal REFERENCES terminal (id)"),
    ):
        op.execute(f"ALTER TABLE terminal ADD COLUMN {column} {definition}")
    op.create_index("ix_terminal_outlet_id", "terminal", ["outlet_id"])
    op.execute(
        "ALTER TABLE terminal_key ADD COLUMN rotated_from_id BIGINT"
        " CONSTRAINT fk_terminal_key_rotated_from_id_terminal_key REFERENCES terminal_key (id)"
    )
    for direction in ("entry", "exit"):
        op.execute(
            f"UPDATE terminal SET kind = 'parking_{direction}' WHERE id IN"  # noqa: S608 # our own names
            f" (SELECT terminal_id FROM parking_gate WHERE direction = '{direction}' AND ended_at IS NULL)"
        )
    op.execute(
        "UPDATE terminal SET kind = 'pos' WHERE kind = 'bus_validator' AND id IN (SELECT b.terminal_id FROM terminal_binding b"
        " JOIN merchant m ON m.id = b.merchant_id WHERE m.kind IN ('shop', 'utility') AND b.valid_to IS NULL)"
    )


def _heartbeats() -> None:
    op.create_table(
        "terminal_heartbeat",
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("software", sa.String(64), nullable=False),
        sa.Column("parameter_version", sa.BigInteger(), nullable=False),
        sa.Column("hotlist_version", sa.BigInteger(), nullable=False),
        sa.Column("records_waiting", sa.BigInteger(), nullable=False),
        sa.Column("oldest_waiting_at", UtcDateTime(), nullable=True),
        sa.Column("clock_offset_s", sa.BigInteger(), nullable=False),
        sa.Column("free_kb", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "parameter_version >= 0 AND hotlist_version >= 0 AND records_waiting >= 0 AND free_kb >= 0",
            name=op.f("ck_terminal_heartbeat_counts"),
        ),
        sa.PrimaryKeyConstraint("terminal_id", name=op.f("pk_terminal_heartbeat")),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.id"], name=op.f("fk_terminal_heartbeat_terminal_id_terminal")
        ),
    )
    op.create_table(
        "terminal_state_change",
        sa.Column("id", BigId, nullable=False),
        sa.Column("terminal_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f("ck_terminal_state_change_state")),
        sa.CheckConstraint(
            "(state = 'active') = (approval_id IS NOT NULL)", name=op.f("ck_terminal_state_change_four_eyes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terminal_state_change")),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.id"], name=op.f("fk_terminal_state_change_terminal_id_terminal")
        ),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approval.id"], name=op.f("fk_terminal_state_change_approval_id_approval")
        ),
        sa.UniqueConstraint("approval_id", name=op.f("uq_terminal_state_change_approval_id")),
    )
    op.create_index(op.f("ix_terminal_state_change_terminal_id"), "terminal_state_change", ["terminal_id"])
    op.create_table(
        "terminal_software",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("software", sa.String(64), nullable=False),
        sa.Column("set_by", sa.String(64), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"kind IN ({DEVICES})", name=op.f("ck_terminal_software_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terminal_software")),
    )
    for table in FACTS:
        append_only(op, table)


def _guard(table: str, rewritten: str, refusal: str) -> None:
    """Refuse DELETE, TRUNCATE and every update that changes more than how a row ends."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION '{table}: {refusal}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for name, event in (
            ("no_delete", f"DELETE ON {table} FOR EACH ROW"),
            ("no_truncate", f"TRUNCATE ON {table} FOR EACH STATEMENT"),
            ("no_rewrite", f"UPDATE ON {table} FOR EACH ROW WHEN ({rewritten})"),
        ):
            op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {event} EXECUTE FUNCTION {table}_refuse()")
        return
    for name, event in (("no_delete", f"DELETE ON {table}"), ("no_rewrite", f"UPDATE ON {table} WHEN {rewritten}")):
        op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {event} BEGIN SELECT RAISE(ABORT, '{table}: {refusal}'); END")


def _refuse_overlaps() -> None:
    """Two bindings of a terminal, or of a module, have no instant in common, whether they have ended or not.

    PostgreSQL sees in a trigger what others have committed, but not what they are about to: both names are locked until the end of the
    transaction first, the smaller key first. SQLite has one writer.
    """
    clash = (
        "EXISTS (SELECT 1 FROM terminal_binding b WHERE b.id <> NEW.id"
        " AND (b.terminal_id = NEW.terminal_id OR b.terminal_number = NEW.terminal_number)"
        " AND (b.valid_to IS NULL OR (b.valid_to > NEW.valid_from AND b.valid_to > b.valid_from))"
        " AND (NEW.valid_to IS NULL OR (NEW.valid_to > b.valid_from AND NEW.valid_to > NEW.valid_from)))"
    )
    if op.get_bind().dialect.name == "postgresql":
        keys = "hashtextextended(NEW.terminal_id, 0), hashtextextended(NEW.terminal_number, 0)"
        op.execute(
            "CREATE FUNCTION terminal_binding_overlap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" PERFORM pg_advisory_xact_lock(least({keys})); PERFORM pg_advisory_xact_lock(greatest({keys}));"
            f" IF {clash} THEN RAISE EXCEPTION 'terminal_binding: {OVERLAP_REFUSAL}' USING ERRCODE = 'exclusion_violation'; END IF;"
            " RETURN NULL; END $$"
        )
        for event in ("INSERT", "UPDATE"):
            op.execute(
                f"CREATE TRIGGER terminal_binding_no_overlap_{event.lower()} AFTER {event} ON terminal_binding"
                " FOR EACH ROW EXECUTE FUNCTION terminal_binding_overlap()"
            )
        return
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER terminal_binding_no_overlap_{event.lower()} AFTER {event} ON terminal_binding WHEN {clash}"
            f" BEGIN SELECT RAISE(ABORT, 'terminal_binding: {OVERLAP_REFUSAL}'); END"
        )
