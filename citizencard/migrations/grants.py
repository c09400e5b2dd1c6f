"""What the three PostgreSQL roles may do. The server runs as `citizencard_app`: it owns nothing and cannot rewrite history.

`citizencard_migrator` owns the tables, `citizencard_app` works with them, `citizencard_auditor` reads. Roles belong to the cluster, not to
the database: `create_roles` makes them once, and the grants are repeated after every upgrade where the roles exist.
"""

from sqlalchemy import text
from sqlalchemy.engine import Connection

MIGRATOR = "citizencard_migrator"
APP = "citizencard_app"
AUDITOR = "citizencard_auditor"

APPEND_ONLY = (
    "ledger_transfer",
    "ledger_hold_settlement",
    "ledger_cut",
    "ledger_fold",
    "ledger_snapshot",
    "ledger_seal",
    "audit_entry",
    "audit_cut",
    "audit_seal",
    "social_security_event",
    "card_state_change",
    "settlement_net_position",
    "settlement_certificate",
    "tariff_version",
    "tariff_rollback",
    "tariff_withdrawal",
    "psam",
    "terminal_acknowledgement",
    "terminal_state_change",
    "terminal_software",
    "upload_batch",
    "tap_record",
    "tap_adjustment",
    "tap_set_aside",
    "tap_decision",
    "tap_proposal",
    "tap_note",
    "purse_shortfall",
    "cash_top_up",
    "parking_entry",
    "payment_finding",
    "receipt",
    "bill_import",
    "bill_payment",
    "key_journal",
    "psam_movement",
    "balance_enquiry",
    "hold_settlement",
    "hotlist_publication",
    "issuer_publication",
)
"""Tables whose rows are facts: nobody may change or remove them. Triggers refuse it as well."""

FORGETTABLE = (
    "idempotency_key",
    "terminal_nonce",
    "staff_role",
    "card_challenge",
    "agent_session",
    "agent_step",
    "tap_to_clear",
)
"""Tables from which the server removes rows, and no others: old answers, nonces, challenges and proofs, roles that were taken away, and
what is left to clear of a day.
"""

NOT_FOR_AUDITORS = ("staff_member", "staff_session", "resident", "resident_session")
"""Tables with password hashes and tokens: an auditor who could read them could try to be somebody else."""


def create_roles(connection: Connection) -> None:
    """Make the three roles where they are missing. Needs the right to create roles; no passwords are set here."""
    for role in (MIGRATOR, APP, AUDITOR):
        known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
        if not known:
            connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")


def grant_roles(connection: Connection) -> None:
    """Give each role that exists its rights on every table of the schema, and take the app's right to rewrite facts."""
    found = set(
        connection.execute(
            text("SELECT rolname FROM pg_roles WHERE rolname IN (:app, :auditor)"), {"app": APP, "auditor": AUDITOR}
        ).scalars()
    )
    if APP in found:
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {APP}")
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {APP}")
        connection.exec_driver_sql(f"REVOKE DELETE ON ALL TABLES IN SCHEMA public FROM {APP}")
        for table in FORGETTABLE:
            if connection.execute(text("SELECT to_regclass(:table)"), {"table": table}).scalar():
                connection.exec_driver_sql(f"GRANT DELETE ON {table} TO {APP}")
        connection.exec_driver_sql(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP}")
        for table in (*APPEND_ONLY, "alembic_version"):
            if connection.execute(text("SELECT to_regclass(:table)"), {"table": table}).scalar():
                connection.exec_driver_sql(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP}")
        connection.exec_driver_sql(f"REVOKE INSERT ON alembic_version FROM {APP}")
    if AUDITOR in found:
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {AUDITOR}")
        connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {AUDITOR}")
        for table in NOT_FOR_AUDITORS:
            if connection.execute(text("SELECT to_regclass(:table)"), {"table": table}).scalar():
                connection.exec_driver_sql(f"REVOKE SELECT ON {table} FROM {AUDITOR}")  # noqa: S608 # our own names
